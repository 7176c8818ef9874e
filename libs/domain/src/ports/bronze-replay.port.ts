import type { EpochMicros, TimeRange } from '../model';
import type { RecordedFetch } from './rebuild-store.port';

/** A row that bronze and the tables do not agree on. */
export interface ReplayDifference {
  readonly table: string;
  readonly symbol: string;
  /** Open time, or time of the event. */
  readonly time: EpochMicros;
  /** The same as it is written for people. */
  readonly timeText: string;
  /** Where it is; the other side lacks it, or has other values under its key. */
  readonly onlyIn: 'bronze' | 'tables';
}

/** What a replay of bronze came to. */
export interface ReplayReport {
  readonly lines: number;
  /** First day of capture of which bronze is kept; undefined when there is no bronze. */
  readonly since: EpochMicros | undefined;
  readonly differences: readonly ReplayDifference[];
  /** Files and lines that are not what was written: each with its file, its line where it is one, and what is lost. */
  readonly damage: readonly string[];
  readonly fetches: FetchReport;
}

/** A fetch whose stored rows are not those that came. */
export interface FetchMismatch {
  readonly symbol: string;
  readonly range: TimeRange;
  readonly kind: RecordedFetch['kind'];
  readonly rows: number;
  /** Number of its line in the manifest, from 1. */
  readonly line: number;
}

/** What became of the fetches that the manifest speaks of. */
export interface FetchReport {
  readonly proved: number;
  /** Of which rows are not kept as they came: they only repeated others, or were removed after their time. */
  readonly unproved: number;
  readonly mismatches: readonly FetchMismatch[];
}

/** Reads the append-only record again and compares what it makes with what is stored. */
export abstract class BronzeReplay {
  /**
   * Every line has to be in the tables, as a row or as a version that was superseded, and every row that was not fetched
   * has to have a line. Rows of days of which bronze is no longer kept are not looked at,
   * nor lines older than the first row that is.
   */
  abstract compare(signal: AbortSignal): Promise<ReplayReport>;
}
