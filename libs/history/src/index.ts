export { candleBarState, polledBarState, type BarState } from './bars';
export { inBuckets, isAsKnown, rolledCandle, versionKnownAt, type CandlePart } from './bucket-candles';
export { compareCaptures, firstRevision, versionsOf, type CandleVersions } from './candle-versions';
export { Freshness } from './freshness';
export { HistoryKinds, historyKinds } from './kinds/history-kinds';
export type { KindHistory } from './kinds/kind-history';
export {
  forgetBefore,
  missingIn,
  recordRuns,
  runsOfMinutes,
  type LedgerChange,
  type LedgerCounts,
} from './ledger-runs';
export type { RecordedMinute, RecordedRange } from './ledger-runs';
export { datesOf, ledgerDays, ledgerSpan, ledgerTail, openDay, type LedgerDay, type RecordedDay } from './ledger-days';
export { firstTimeAfter, mergeByTime, mergeChunksByTime } from './merge-by-time';
export { METRICS_REACH, METRICS_VERSION, metricsOfDays } from './metrics/daily-metrics';
export type { MetricsDay } from './metrics/metrics-day';
export { capturedMetrics, daysBehind, metricsReaches, type CapturedDay } from './metrics/metrics-reach';
export {
  firstCapture,
  isSameCapture,
  placeCapture,
  repeatedCapture,
  repeatsCurrent,
  restampCaptures,
  type ArrangedMinute,
  type KeptRepeat,
  type KeptVersion,
  type KnownMinute,
  type RestampOutcome,
  type VersionOutcome,
} from './minute-captures';
export { markOf, marksOf, sharedMinutes, type ChangedCandle, type LedgerFrame } from './minute-marks';
export {
  noteOpenDay,
  noteOpenHour,
  noteOpenMetrics,
  noteOpenPrice,
  noteOpenQuality,
  noteOpenSymbol,
} from './open-rows';
export { changedBuckets, extendedRollUp, rollUpBy, type ChangedBucket } from './roll-up-levels';
export { mergeRollUps, rollUpJoined, rollUpMinutes, RollUpAccumulator } from './roll-up';
export type { JoinedMinute, RollUp, RollUpMinute } from './roll-up';
export { accountsBy, stopsAsKnown, stopsOfDays, type AccountOf, type NotedStop, type StoppedDay } from './stops';
export {
  describeTable,
  type Column,
  type ColumnType,
  type ColumnValue,
  type KeyValue,
  type RowKey,
  type RowOf,
  type Table,
} from './rows/table';
export {
  ask,
  byKeys,
  inRanges,
  RowNotNewError,
  runUnit,
  type Answer,
  type Answers,
  type KeyRange,
  type KeysQuestion,
  type Plan,
  type Question,
  type Questions,
  type RangesQuestion,
  type RowChange,
  type Rows,
  type Unit,
} from './rows/unit';
export { keyedUnit } from './units/keyed-unit';
export type { KindOutcome } from './units/kind-outcome';
export { KNOWN_SYMBOLS } from './units/known-symbols';
export {
  polledDayOf,
  PRICE_EVENTS,
  priceUnit,
  TICKER_DAYS,
  type PolledPrice,
  type TickerDayRow,
} from './units/price-unit';
