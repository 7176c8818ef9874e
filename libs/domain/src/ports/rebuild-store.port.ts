import type { EpochMicros, LeftOutMinutes, MinuteCandle, TimeRange } from '../model';

/** A fetch of minutes as the bronze manifest records it: its rows are in no bronze file. */
export interface RecordedFetch {
  /** Number of its line in the manifest, from 0. */
  readonly line: number;
  /** `backfill` and `repair` came over REST, `archive` from the exchange's files, `import` from a file on disk. */
  readonly kind: 'backfill' | 'repair' | 'archive' | 'import';
  readonly origin: string;
  readonly symbol: string;
  readonly range: TimeRange;
  /** Rows that were accepted, and their hash. */
  readonly rows: number;
  readonly sha256: string;
  /** Minutes whose rows were not accepted then; they are left out again, whatever the source has for them now. */
  readonly leftOut: readonly LeftOutMinutes[];
  readonly fetchedAt: EpochMicros;
  /** Name of the file that it came from; undefined for REST. */
  readonly file: string | undefined;
}

/** What a source gave when it was asked again. */
export interface FetchedAgain {
  readonly origin: string;
  readonly candles: readonly MinuteCandle[];
  /** The source's own hash of its rows, where it has one. */
  readonly sha256?: string;
}

/** What a rebuilt database lacks of what bronze and its manifest tell of. */
export interface RebuildLoss {
  /** A symbol, or a bronze file. */
  readonly what: string;
  /** Undefined where it is not known. */
  readonly range: TimeRange | undefined;
  readonly reason: string;
}

export interface LinesProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly rows: number;
  readonly file: string;
}

/**
 * A database that is being made anew beside the one in use, from bronze and from what is fetched again. It stands where
 * an interrupted rebuild left it. Nobody else has the store open meanwhile.
 */
export abstract class RebuildStore {
  /**
   * Why nothing was taken over of what only the old database tells: why minutes are missing, days that are to be filled,
   * what comparisons of days found, how far the broker was read. Undefined where that was done.
   */
  abstract get notTakenOver(): string | undefined;

  /** Takes every line of bronze that is not in the new database yet; ends early when the signal says so. */
  abstract takeUpLines(signal: AbortSignal, onProgress: (progress: LinesProgress) => void): Promise<void>;

  /** Fetches whose rows are not there yet, those that could not be had before included, in the order of the manifest. */
  abstract remaining(): Promise<RecordedFetch[]>;

  /**
   * Stores the rows of a fetch with its recorded time of capture when their hash is the recorded one; otherwise stores
   * nothing, keeps that as a loss and returns false. @throws OriginMismatchError
   */
  abstract restore(fetch: RecordedFetch, again: FetchedAgain): Promise<boolean>;

  /**
   * Stores some rows of a fetch that has too many for one step, after their source was found to be the same;
   * {@link restore} then says with the rest that it is through. @throws OriginMismatchError
   */
  abstract restorePart(fetch: RecordedFetch, candles: readonly MinuteCandle[]): Promise<void>;

  /** Keeps as a loss that a fetch could not be repeated. */
  abstract giveUp(fetch: RecordedFetch, reason: string): Promise<void>;

  /** Marks the minutes stopped that were recorded as such; after all fetches. */
  abstract restoreStops(): Promise<void>;

  /** Symbols that the new database knows, by code points. */
  abstract symbols(): Promise<string[]>;

  /** Everything that the new database lacks, by what and time. */
  abstract losses(): Promise<RebuildLoss[]>;

  /**
   * Puts the new database in the place of the old one. Where it lacks something and there is an old one, that is done
   * only when `acceptLosses` says so, and kept as the reason why those minutes are missing. Returns whether it was done. Nothing else may be called after it.
   */
  abstract finish(acceptLosses: boolean): Promise<boolean>;

  /** Where the old database was put that could not be read; undefined where there is none. After {@link finish}. */
  abstract get keptAside(): string | undefined;
}
