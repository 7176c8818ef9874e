export { versionsOf } from './candle-versions';
export { spans } from './change-spans';
export { Freshness } from './freshness';
export { checkedEvents } from './kinds/checked-events';
export { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from './kinds/candle-tables';
export { HistoryKinds, historyKinds } from './kinds/history-kinds';
export type { KindHistory } from './kinds/kind-history';
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
export { STAMP_BITS, type AccountRows, type DayStamp, type StoredRollUp } from './reading/candle-rows';
export { Candles, type CandleStore } from './reading/candles';
export {
  ChangeFeed,
  feedsVersion,
  type FeedInquiry,
  type FeedRows,
  type PackedUnit,
  type StoredFeeds,
  type UnitPage,
  type UnitPlace,
  type UnitQuestion,
} from './reading/change-feed';
export { DailyBars } from './reading/daily-bars';
export { DayQualities } from './reading/day-qualities';
export { HourlyBars } from './reading/hourly-bars';
export { LedgerRanges } from './reading/ledger-ranges';
export { PriceEvents, type EventInquiry, type EventPage, type PriceRows } from './reading/price-events';
export { StoredMetrics } from './reading/stored-metrics';
export { symbolSummaries, type AccountedDays, type DatesOfSymbol, type SymbolRows } from './reading/symbol-summary';
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
export { rollUpBy } from './roll-up-levels';
export { rollUpMinutes } from './roll-up';
export type { JoinedMinute, RollUp, RollUpMinute } from './roll-up';
export type { NotedStop, StoppedDay } from './stops';
export {
  describeTable,
  pickColumns,
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
  findIn,
  findOnly,
  inRanges,
  RowFinder,
  RowNotNewError,
  runUnit,
  type Answer,
  type Answers,
  type FieldBounds,
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
  type Rows,
  type Unit,
  type WrittenRows,
} from './rows/unit';
export { BACKFILL_JOBS, changeJobUnit, openJobs, queuedJobs, type JobState } from './units/backfill-jobs';
export { addLossUnit, BRONZE_LOSSES, bronzeLosses } from './units/bronze-losses';
export { DAILY_METRICS, dailyMetricsUnit, METRICS_DAYS, type SymbolDates } from './units/daily-metrics-unit';
export { CHANGE_TIMES, FEED_IDS, feedIds, removeChangesUnit } from './units/change-retention-unit';
export { CLOCK_SPANS, clockSpans, notedSpans, openClockSpans } from './units/clock-spans';
export { dayUnit, type DayOutcome } from './units/day-unit';
export { DAY_VERIFICATIONS, KNOWN_DIFFERENCES, knownDifferencesOf, verifiedUnit } from './units/day-verification-unit';
export { FIRST_REVISIONS, raiseUnit } from './units/first-revisions';
export { fetchedOutcome } from './units/fetched-outcome';
export { keyedUnit } from './units/keyed-unit';
export { COUNTED_AS, type EventsOutcome, type KindOutcome } from './units/kind-outcome';
export { KNOWN_SYMBOLS, knownSymbols } from './units/known-symbols';
export { accountUnit, unitsAfterDay, unitsAfterMinutes } from './units/after-minutes';
export {
  COVERAGE,
  COVERAGE_DAYS,
  DAY_CAPTURES,
  EARLIER_CAPTURES,
  MINUTE_TRADES,
  SYMBOL_FRAMES,
  SYMBOL_LEDGERS,
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
export { PRICE_EVENTS, priceUnit, TICKER_DAYS } from './units/price-unit';
export { CANDLES_1D, CANDLES_1H, newDayUnit, rollUpUnit } from './units/roll-up-unit';
export { KeyMemory, TAKEN_KEYS, TAKEN_KEYS_BY_AGE, takenKeysUnit } from './units/taken-keys-unit';
export {
  daysToRestamp,
  REPEATED_CAPTURES,
  restampDayUnit,
  settleSpanUnit,
  spanOfStamps,
  stampsAhead,
  type RestampedDay,
} from './units/settle-stamps';
export { missingMinutesIn, noteStopUnit, STOP_NOTES, stoppedUnit, stopUnit } from './units/stops-unit';
export {
  minutesGoBefore,
  nextDayOfMinutes,
  PRICE_KEYS,
  pricesGoBefore,
  removeMinutesUnit,
  removePricesUnit,
} from './units/retention-unit';
export { BRONZE_ONLY_FACT, REBUILD_SOURCE_FACT, REBUILT_AT_FACT, STORE_FACTS } from './units/store-facts';
export { reachEvidence } from './units/reach-evidence';
export { lastMinuteOf, storedMinutes } from './units/stored-minutes';
export {
  confirmReachUnit,
  extendLedgerUnit,
  ledgerFrame,
  moveLedgerUnit,
  restoreExtensionUnit,
  restoreMoveUnit,
  restoreTrackingUnit,
  trackedSymbol,
  trackUnit,
} from './units/symbol-ledger';
export {
  delistUnit,
  describeSymbolsUnit,
  FIRST_MINUTES,
  firstMinuteOf,
  notedFirstMinute,
  SYMBOL_INFOS,
  SYMBOL_STATUSES,
  symbolStatuses,
} from './units/symbol-list';
export { noteAssetsUnit, restoreAssetsUnit, SYMBOL_ASSETS, SYMBOL_PAIRS } from './units/symbol-assets';
export type { SymbolMinutes } from './units/unit-minute';
export { filledUnit, leftOutUnit, UNFILLED_RANGES, unfilledUnit } from './units/unfilled-unit';
export { describeAlteredLines, lostWith } from './verification/altered-lines';
export { proveFetches } from './verification/fetch-proof';
export { FetchedCaptures } from './verification/fetched-captures';
export { differencesOf } from './verification/replay-comparison';
