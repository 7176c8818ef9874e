import type {
  CandleInterval,
  CandleNumbers,
  CoverageRange,
  DailyMetrics,
  EpochMicros,
  MinuteAccount,
  MinuteCandle,
  PriceEvent,
  TimeRange,
} from '../model';
import type { ProcessStatusRow } from './history-store.port';
import type { StoreReadiness } from './store-condition.port';

/** Most rows that are read in one go: no read of the store is longer, and no more are held in memory. */
export const PAGE_ROWS = 5_000;

/** Position of a row in an order by time, then symbol. */
export interface TimeKey {
  readonly time: EpochMicros;
  readonly symbol: string;
}

/** Position of a price event: one instant of a symbol may have events of several sources. */
export interface PriceEventKey extends TimeKey {
  readonly source: string;
}

export abstract class PriceEventReader {
  /**
   * Newest first, then by symbol, then by source backwards; only rows after `after` in that order. Events that are
   * stamped later than now plus a minute are left out: {@link latestStamp}.
   */
  abstract latest(symbols: readonly string[], limit: number, after?: PriceEventKey): Promise<PriceEvent[]>;

  /** Ascending by time, then symbol, then source; only rows after `after`. */
  abstract range(
    symbols: readonly string[],
    range: TimeRange,
    limit: number,
    after?: PriceEventKey,
  ): Promise<PriceEvent[]>;

  /** The newest event of each symbol that has one, by symbol; those stamped ahead of their time left out. */
  abstract newest(symbols: readonly string[]): Promise<PriceEvent[]>;

  /** How many events are left out of what is newest, because they are stamped ahead of their time. */
  abstract countAhead(symbols: readonly string[]): Promise<number>;
}

export interface StoredCandle extends MinuteCandle {
  readonly revision: number;
  /** Which of its minutes are accounted for: how whole it is follows from this and the time of the answer. */
  readonly account: MinuteAccount;
}

export abstract class CandleReader {
  /**
   * Candles with open times in the range, ascending by open time, then symbol; only rows after `after`. Bounds that
   * are absent are open. Candles of every interval but `1m` are the exact roll-ups of their minutes, on the exchange's
   * own boundaries; one that opens in the range is given whole.
   *
   * With `asOf`, candles as they were known at that time: of the numbers captured, and the stops noted, up to then.
   * What was captured later is absent, and so is a candle of which nothing had been captured.
   *
   * @throws CandleGridUnknownError for `3d`
   */
  abstract range(
    symbols: readonly string[],
    interval: CandleInterval,
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
    asOf?: EpochMicros,
  ): Promise<StoredCandle[]>;
}

/** Three-day candles are counted from the first candle that the exchange has of a symbol, which it has not told yet. */
export class CandleGridUnknownError extends Error {
  readonly code = 'CANDLE.GRID_UNKNOWN';

  constructor(readonly symbols: readonly string[]) {
    super(`where the three-day candles of ${symbols.join(', ')} begin is not known yet`);
    this.name = 'CandleGridUnknownError';
  }
}

/** Tells where a table has rows. */
export abstract class SpanReader {
  /** Of each of the symbols that has a row: from its first bucket to the end of its last. */
  abstract spans(symbols: readonly string[]): Promise<TimeRange[]>;

  /** How many dates of the range have rows, summed over the symbols; counted until there are more than `most`. */
  abstract countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number>;
}

/** One day of one symbol, from exchange candles or, where there is none, from polled snapshots. */
export interface DailyBar {
  /** Start of the UTC day. */
  readonly date: EpochMicros;
  readonly symbol: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Base-asset volume of the day; for `ticker`, the last snapshot's rolling 24-hour volume. */
  readonly volume: string;
  /** Null for `ticker`: snapshots do not tell. */
  readonly quoteVolume: string | null;
  readonly tradeCount: number | null;
  readonly isFinal: boolean;
  readonly source: 'kline' | 'ticker';
  /** When the row last became what it is: newest capture in it, or the moment it became final. */
  readonly changedAt: EpochMicros;
}

export abstract class DailyBarReader extends SpanReader {
  /** Bars of the days in the range, ascending by date, then symbol. */
  abstract bars(symbols: readonly string[], range: TimeRange): Promise<DailyBar[]>;
}

/** One hour of one symbol, made of its minutes. */
export interface HourlyBar extends Omit<CandleNumbers, 'takerBuyVolume' | 'takerBuyQuoteVolume'> {
  /** Start of the UTC hour. */
  readonly openTime: EpochMicros;
  readonly symbol: string;
  readonly isFinal: boolean;
  /** When the row last became what it is: newest capture in it, or the moment it became final. */
  readonly changedAt: EpochMicros;
}

export abstract class HourlyBarReader extends SpanReader {
  /** Bars of the hours in the range, ascending by open time, then symbol. */
  abstract bars(symbols: readonly string[], range: TimeRange): Promise<HourlyBar[]>;
}

/** Metrics of one day of one symbol, with how complete the ledger says the day is. */
export interface SymbolMetrics extends DailyMetrics {
  readonly symbol: string;
  readonly coveragePercent: string;
  /** When the row last became what it is: newest capture among the days it is made of, or its coverage moving on. */
  readonly changedAt: EpochMicros;
}

export abstract class DailyMetricsReader extends SpanReader {
  /** Metrics of the days in the range, ascending by date, then symbol; only rows after `after`. */
  abstract range(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolMetrics[]>;
}

/** The account of one UTC day of one symbol, in minutes of the ledger's span. */
export interface DayQuality {
  /** Start of the UTC day. */
  readonly date: EpochMicros;
  readonly symbol: string;
  /** captured + quiet + stopped + missing. */
  readonly expected: number;
  readonly captured: number;
  readonly quiet: number;
  readonly stopped: number;
  readonly missing: number;
  /** Minutes that came in late; they are captured or quiet as well. */
  readonly repaired: number;
  readonly coveragePercent: string;
  /** What the comparison with the exchange's own day says; null when there was none since the day last changed. */
  readonly verified: 'equal' | 'differs' | null;
  /** When the row last became what it is: by a record, a comparison, or the ledger's end moving on. */
  readonly changedAt: EpochMicros;
}

export abstract class DayQualityReader extends SpanReader {
  /** A row for every date of the ledger's span in the range, ascending by date, then symbol. */
  abstract days(symbols: readonly string[], range: TimeRange): Promise<DayQuality[]>;
}

export interface SymbolCoverage extends CoverageRange {
  readonly symbol: string;
  /** Why the minutes are missing; null for those of another state. */
  readonly reason: string | null;
}

export abstract class CoverageReader {
  /**
   * Account of every minute of the ledger in the range, ascending by start, then symbol; only rows after `after`. Missing
   * minutes are cut where the reasons change.
   */
  abstract ranges(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolCoverage[]>;
}

export interface SymbolSummary {
  readonly symbol: string;
  readonly baseAsset: string | null;
  readonly quoteAsset: string | null;
  readonly status: string;
  /** First and last UTC day with anything stored; null while nothing is. */
  readonly firstDate: EpochMicros | null;
  readonly lastDate: EpochMicros | null;
  /** Open time of the newest minute. */
  readonly lastMinute: EpochMicros | null;
  /** Time of the newest price event, those stamped ahead of their time left out. */
  readonly lastEvent: EpochMicros | null;
  readonly coveragePercent: string;
  /**
   * Since when the base and quote asset are what they are: when the exchange was first found to say so. Null while it has
   * never been found to say anything else.
   */
  readonly assetsSince: EpochMicros | null;
  /** When it last became what it is, as far as that is stored (not of the status); 0 where nothing is. */
  readonly changedAt: EpochMicros;
}

export abstract class SymbolReader {
  /** Every symbol that the store knows, by code points. */
  abstract known(): Promise<string[]>;

  /** Summaries of those of the symbols that the store knows, in the order given. */
  abstract summaries(symbols: readonly string[]): Promise<SymbolSummary[]>;
}

/** Lines of a raw file that could not be taken into the tables when it was taken up, or of a spool that are no events. */
export interface LostLines {
  readonly file: string;
  /** Number of the first of them, from 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** When the first was noticed. */
  readonly noticedAt: EpochMicros;
  /** What is wrong with the first. */
  readonly reason: string;
}

export abstract class StoreStatus {
  abstract readiness(): StoreReadiness;

  /** Changes whenever anything in the store does; equal values mean equal contents. */
  abstract version(): Promise<string>;

  abstract origin(): Promise<string | null>;

  /** Bronze files that the capture owner found shorter than stored, or gone, when it last started. */
  abstract damagedFiles(): Promise<string[]>;

  /** Bronze files whose bytes the capture owner found to be others than it had written, when it last read them through. */
  abstract alteredFiles(): Promise<string[]>;

  /** Lines of bronze files that could not be taken up, by file. */
  abstract lostLines(): Promise<LostLines[]>;

  /** What the processes last said of themselves. */
  abstract processes(): Promise<ProcessStatusRow[]>;
}
