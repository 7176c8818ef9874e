export { candleBarState, polledBarState, type BarState } from './bars';
export { rolledCandle, type CandlePart } from './bucket-candles';
export { versionsOf } from './candle-versions';
export { Freshness } from './freshness';
export { checkedEvents } from './kinds/checked-events';
export { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from './kinds/candle-tables';
export { HistoryKinds, historyKinds } from './kinds/history-kinds';
export type { KindHistory } from './kinds/kind-history';
export type { LedgerCounts, RecordedRange } from './ledger-runs';
export { datesOf, ledgerDays, ledgerSpan, ledgerTail, openDay, type LedgerDay, type RecordedDay } from './ledger-days';
export { firstTimeAfter, mergeByTime, mergeChunksByTime } from './merge-by-time';
export { METRICS_REACH, METRICS_VERSION, metricsOfDays } from './metrics/daily-metrics';
export type { MetricsDay } from './metrics/metrics-day';
export { metricsReaches } from './metrics/metrics-reach';
export { MonthsBefore } from './metrics/months-before';
export type { ChangedCandle } from './minute-marks';
export {
  noteOpenDay,
  noteOpenHour,
  noteOpenMetrics,
  noteOpenPrice,
  noteOpenQuality,
  noteOpenSymbol,
} from './open-rows';
export { KEPT_TABLES } from './rebuild/kept-tables';
export {
  lossOfFetch,
  rebuildProgress,
  remainingFetches,
  settleUnit,
  stopsAgain,
  unitsAtEnd,
  type RebuildProgress,
} from './rebuild/rebuild-progress';
export { bucketChunks, minuteChunks } from './reading/candle-chunks';
export { CandleLevel } from './reading/candle-level';
export { STAMP_BITS, type AccountRows, type CandleRows, type DayStamp, type StoredRollUp } from './reading/candle-rows';
export { MinuteAccounts } from './reading/minute-accounts';
export { RolledDays } from './reading/rolled-days';
export { rollUpBy } from './roll-up-levels';
export { rollUpMinutes } from './roll-up';
export type { JoinedMinute, RollUp, RollUpMinute } from './roll-up';
export type { AccountOf, NotedStop, StoppedDay } from './stops';
export {
  describeTable,
  textColumns,
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
  asText,
  byKeys,
  findOnly,
  inRanges,
  RowNotNewError,
  runUnit,
  type Answer,
  type Answers,
  type Inquiry,
  type JoinedQuestion,
  type KeyRange,
  type KeysQuestion,
  type Plan,
  type Question,
  type Questions,
  type RemovedRanges,
  type RemovedRows,
  type RangesQuestion,
  type RowChange,
  type RowReader,
  type Rows,
  type Unit,
  type WrittenRows,
} from './rows/unit';
export { DAILY_METRICS, dailyMetricsUnit, METRICS_DAYS, type SymbolDates } from './units/daily-metrics-unit';
export { dayUnit, type DayOutcome } from './units/day-unit';
export { DAY_VERIFICATIONS, KNOWN_DIFFERENCES, knownDifferencesOf, verifiedUnit } from './units/day-verification-unit';
export { FIRST_REVISIONS, raiseUnit } from './units/first-revisions';
export { keyedUnit } from './units/keyed-unit';
export { COUNTED_AS, type KindOutcome } from './units/kind-outcome';
export { KNOWN_SYMBOLS } from './units/known-symbols';
export { accountUnit, unitsAfterDay, unitsAfterMinutes } from './units/after-minutes';
export { datedDaysUnit, forgetLedgerUnit } from './units/ledger-days-unit';
export {
  COVERAGE,
  COVERAGE_DAYS,
  DAY_CAPTURES,
  EARLIER_CAPTURES,
  MINUTE_TRADES,
  SYMBOL_FRAMES,
} from './units/ledger-tables';
export { minuteLedgerUnit } from './units/minute-ledger-unit';
export { DAY_ENDS, minuteUnit, type CandlesOutcome, type MinutesOutcome } from './units/minute-unit';
export {
  advanceUnit,
  checkPosition,
  claimUnit,
  heldProgress,
  positionsOf,
  SINK_PROGRESS,
  startUnit,
  TOPIC_LOSSES,
  topicLosses,
} from './units/partition-units';
export {
  polledDayOf,
  PRICE_EVENTS,
  priceUnit,
  TICKER_DAYS,
  type PolledPrice,
  type TickerDayRow,
} from './units/price-unit';
export { CANDLES_1D, CANDLES_1H, newDayUnit, rollUpUnit } from './units/roll-up-unit';
export { KeyMemory, TAKEN_KEYS, TAKEN_KEYS_BY_AGE, takenKeysUnit } from './units/taken-keys-unit';
export { restampUnit, type RestampedMinutes } from './units/restamp-unit';
export { missingMinutesIn, noteStopUnit, STOP_NOTES, stopUnit } from './units/stops-unit';
export { nextDayOfMinutes, removeMinutesUnit } from './units/retention-unit';
export { BRONZE_ONLY_FACT, REBUILD_SOURCE_FACT, REBUILT_AT_FACT, STORE_FACTS } from './units/store-facts';
export type { SymbolMinutes } from './units/unit-minute';
export { UNFILLED_RANGES, unfilledUnit } from './units/unfilled-unit';
export { describeAlteredLines, lostWith } from './verification/altered-lines';
export { proveFetches } from './verification/fetch-proof';
export { FetchedCaptures } from './verification/fetched-captures';
export { differencesOf } from './verification/replay-comparison';
