import {
  DAY,
  type ClockSpan,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type SymbolInfo,
  type TimeRange,
  type UnfilledRange,
} from '../model';
import type { DayOfMinutes, KlineFileEnd, KlineFileFacts } from './kline-archive.port';

/** How a range of minutes came to be fetched outside the live flow. */
export type FetchKind = 'backfill' | 'repair';

/** One fetched page of minutes, complete: every minute that the exchange has in the range is accepted or left out. */
export interface FetchedMinutes {
  readonly kind: FetchKind;
  readonly origin: string;
  readonly symbol: string;
  readonly range: TimeRange;
  readonly candles: readonly MinuteCandle[];
  /** Minutes whose rows were not accepted, ascending. */
  readonly leftOut: readonly LeftOutMinutes[];
  readonly fetchedAt: EpochMicros;
}

/** A file whose rows are stored, as the bronze manifest names it. */
export interface ImportedFile {
  /** `archive`: fetched from the exchange's archive, and can be had there again. `import`: read from disk. */
  readonly kind: 'archive' | 'import';
  readonly facts: KlineFileFacts;
  readonly end: KlineFileEnd;
}

/** The rows of one UTC day from a file. */
export interface ImportedDay extends DayOfMinutes {
  readonly origin: string;
  readonly symbol: string;
  readonly fetchedAt: EpochMicros;
  /** With the last day of a file: its line in the manifest. */
  readonly file?: ImportedFile;
}

/** What became of the rows of a day. */
export interface ImportCounts {
  /** Minutes that were not stored before. */
  readonly taken: number;
  /** Minutes that were stored with the same numbers. */
  readonly repeats: number;
  /** Minutes that were stored with other numbers. */
  readonly revisions: number;
}

/** How the history of a symbol is accounted for. */
export interface TrackedSymbol {
  readonly symbol: string;
  /** Moment from which live capture is responsible; what is older is the first backfill's. */
  readonly trackedSince: EpochMicros;
  /** First minute of the ledger. */
  readonly ledgerStart: EpochMicros;
}

/** The write side of the history, for what is not an event: fetched ranges, the symbol list, the ledger. */
export abstract class HistoryStore {
  /** Starts the ledger of a symbol unless it has one; returns what holds now. */
  abstract track(symbol: TrackedSymbol, origin: string): Promise<TrackedSymbol>;

  /**
   * Lets the ledger of a symbol reach back to a minute, as a backfill does that begins there; it never begins later than
   * it did. @throws OriginMismatchError
   */
  abstract extendLedger(symbol: string, start: EpochMicros, origin: string): Promise<void>;

  /** The ledger's frame of a symbol; undefined before {@link track}. */
  abstract tracked(symbol: string): Promise<TrackedSymbol | undefined>;

  /** What the ledger of a symbol covers, whoever began it: live capture or a command; undefined before anything is stored. */
  abstract ledgerFrame(symbol: string): Promise<TrackedSymbol | undefined>;

  /** Stores the exchange's own description of symbols. */
  abstract saveSymbols(symbols: readonly SymbolInfo[], origin: string): Promise<void>;

  /** Every symbol that the store knows, with its status as last stored; by code points. */
  abstract knownSymbols(): Promise<readonly Pick<SymbolInfo, 'symbol' | 'status'>[]>;

  /** Notes of known symbols that the exchange does not list them any more, until {@link saveSymbols} says otherwise. */
  abstract saveDelisted(symbols: readonly string[]): Promise<void>;

  /** Open time of the symbol's very first candle on the exchange, as stored; undefined before it has told. */
  abstract firstMinute(symbol: string): Promise<EpochMicros | undefined>;

  /** Stores where the exchange's own history of a symbol begins. */
  abstract saveFirstMinute(symbol: string, openTime: EpochMicros, origin: string): Promise<void>;

  /**
   * Stores fetched minutes with roll-ups, ledger and a line in the bronze manifest; minutes that are there stay. What was
   * left out keeps its reason where it is missing.
   */
  abstract saveFetched(fetched: FetchedMinutes): Promise<void>;

  /**
   * Stores one day of a file in one write unit, with roll-ups and ledger. Minutes that are there stay unless the numbers
   * differ, which makes a revision. What is absent is not judged here; what was left out keeps its reason where it is
   * missing. @throws OriginMismatchError
   */
  abstract saveDay(day: ImportedDay): Promise<ImportCounts>;

  /** Records minutes that the exchange answered for and does not have; recorded minutes in the ranges stay. */
  abstract markStopped(symbol: string, ranges: readonly TimeRange[]): Promise<void>;

  /** Keeps why minutes of the asked range could not be had; takes the place of what was said of that range before. */
  abstract noteUnfilled(symbol: string, asked: TimeRange, unfilled: readonly UnfilledRange[]): Promise<void>;

  /** Minutes of the range that are in no state yet, as disjoint ascending ranges. */
  abstract missing(symbol: string, range: TimeRange): Promise<TimeRange[]>;

  /** The stored minutes whose open time lies in the range, ascending. */
  abstract minutes(symbol: string, range: TimeRange): Promise<readonly MinuteCandle[]>;

  /** Open time of the newest stored minute; undefined when none is. */
  abstract lastMinute(symbol: string): Promise<EpochMicros | undefined>;

  /**
   * Notes which stamps later than now (plus a minute) are stored, which a clock that was ahead has given, and puts what
   * they are on in its right order: a minute counts as captured at its close. May be repeated at any time.
   */
  abstract settleStamps(now: EpochMicros): Promise<SettledStamps>;

  /**
   * What the first prices of a symbol say of when its ledger began; undefined where there is nothing to look at: no
   * ledger, one of the last day, one that was looked at before.
   */
  abstract reachEvidence(symbol: string, now: EpochMicros): Promise<ReachEvidence | undefined>;

  /** Notes that the begin of a symbol's ledger was looked at, and is right. */
  abstract confirmReach(symbol: string): Promise<void>;

  /**
   * Has a ledger that began by a clock which was behind begin later. Minutes before that stay stored and are not accounted
   * for, until {@link extendLedger} asks for them.
   */
  abstract moveLedger(frame: TrackedSymbol): Promise<void>;
}

/** The first prices that were polled of a symbol, up to the first pause of more than a day. */
export interface ReachEvidence {
  /** When the ledger says that capture began. */
  readonly trackedSince: EpochMicros;
  /** Prices at whose stamps there are minutes of the exchange. */
  readonly compared: number;
  /** Of these, how many are above or below all that was traded then. */
  readonly outside: number;
  /** The first price after the pause; undefined where there is none. */
  readonly resumedAt: EpochMicros | undefined;
}

/** What was done about stamps that were given by a clock which was ahead. */
export interface SettledStamps {
  /** Spans of such stamps that were new, or had not been brought to an end. */
  readonly spans: readonly ClockSpan[];
  /** Minutes with captures among them. */
  readonly minutes: number;
  /** Symbols that count as tracked since another time than before. */
  readonly retracked: readonly string[];
}

/** Where live candle sync goes on after a restart. */
export abstract class CandleCursor {
  /** Open time of the last minute handed on; undefined for a symbol that has none yet. */
  abstract position(symbol: string): Promise<EpochMicros | undefined>;

  /** Called after the publisher has taken minutes up to and including `openTime`. */
  abstract advance(symbol: string, openTime: EpochMicros): Promise<void>;
}

/** What a process says of itself, kept in the store for the API's `/health`. */
export interface ProcessStatusRow {
  /** Name of the process; where several may run beside each other, that of one of them ({@link instanceName}). */
  readonly process: string;
  /** Real time, as heartbeats are. */
  readonly updatedAt: EpochMicros;
  /** A JSON object. */
  readonly status: string;
}

/** For how long what a process that is silent has said of itself is kept. */
export const SILENT_STATUS_KEPT: EpochMicros = DAY;

const INSTANCE_MARK = '@';

/** Names one of several processes of a name, by what stays the same when it starts again. */
export function instanceName(process: string, host: string, port: number): string {
  return `${process}${INSTANCE_MARK}${host}:${port}`;
}

/** The process that an instance is one of. */
export function processOfInstance(name: string): string {
  return name.split(INSTANCE_MARK, 1)[0] ?? name;
}

export abstract class ProcessStatusStore {
  /**
   * Replaces what this instance said before. What others said that have been silent for {@link SILENT_STATUS_KEPT} goes, and
   * so does what an earlier version said of all instances together.
   */
  abstract write(row: ProcessStatusRow): Promise<void>;
}

/** The right of one process at a time to do what a store needs done once: first backfill, repair, symbol list, ledger. */
export abstract class StoreLease {
  abstract readonly held: boolean;

  /** Takes the lease unless another live process has it; returns whether it is held now. */
  abstract acquire(): Promise<boolean>;

  abstract release(): Promise<void>;
}
