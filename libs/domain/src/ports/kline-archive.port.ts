import {
  candlesOutside,
  joinLeftOut,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '../model';

/** Why a file of the archive cannot be used. */
export type ArchiveFailure =
  | 'not_found' // there is no such file: the day is too young, or the symbol did not trade
  | 'checksum_mismatch' // the bytes are not those of the published SHA-256, fetched again included
  | 'truncated' // the file ends in the middle
  | 'malformed' // a row that is no kline, a day that contradicts itself, or no readable zip
  | 'unsupported' // a good file, but of something else than minutes
  | 'unreachable' // no connection, time-out, cut transfer, 5xx
  | 'rejected' // any other refusal
  | 'disabled'; // no archive is configured

export interface ArchiveErrorOptions extends ErrorOptions {
  /** Market time before which the archive does not want to be asked again, where it says so. */
  readonly retryAt?: EpochMicros | undefined;
}

/** A file of the archive that could not be had or must not be believed; the message names file, place and reason. */
export class ArchiveError extends Error {
  readonly code = 'ARCHIVE.FAILED';
  readonly retryAt: EpochMicros | undefined;

  constructor(
    readonly failure: ArchiveFailure,
    message: string,
    { retryAt, ...options }: ArchiveErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'ArchiveError';
    this.retryAt = retryAt;
  }
}

/** What was read, byte for byte. */
export interface KlineFileFacts {
  /** Name without folder, e.g. `BTCUSDT-1m-2020-01-01.zip`. */
  readonly name: string;
  readonly symbol: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, in hexadecimal digits. */
  readonly sha256: string;
  /** Whether the hash was compared with a published one; a file from disk may have none beside it. */
  readonly checksum: 'verified' | 'absent';
}

/** The rows of one UTC day: open times ascending and distinct, all in `range`. */
export interface DayOfMinutes {
  /** The whole day. */
  readonly range: TimeRange;
  readonly candles: readonly MinuteCandle[];
  /** Minutes of the day of which the file has a row that was not accepted, ascending. */
  readonly leftOut: readonly LeftOutMinutes[];
}

/**
 * Decides day by day which readable rows of a file are left out as well: returns the day with fewer candles and those
 * minutes in `leftOut`. What is counted and hashed is what it returns, in the order of the file.
 */
export type DaySieve = (day: DayOfMinutes) => DayOfMinutes | Promise<DayOfMinutes>;

/** Leaves out the minutes in the ranges, whatever the file has for them. */
export function leavingOut(leftOut: readonly LeftOutMinutes[]): DaySieve {
  return (day) => {
    const ofDay = leftOut.filter(({ start, end }) => start < day.range.end && day.range.start < end);
    if (ofDay.length === 0) return day;
    const candles = candlesOutside(day.candles, ofDay);
    return { ...day, candles, leftOut: joinLeftOut([...day.leftOut, ...ofDay]) };
  };
}

/** One verified day of the archive. */
export interface ArchiveDay extends DayOfMinutes {
  readonly file: KlineFileFacts;
  /** As {@link KlineFileEnd.rowsSha256}. */
  readonly rowsSha256: string;
  /** Rows that stood in the file more than once, with the same numbers. */
  readonly duplicates: number;
  readonly origin: string;
  readonly fetchedAt: EpochMicros;
}

/** The exchange's archive of daily and monthly files. Every method has a time-out and a bounded retry. */
export abstract class KlineArchive {
  /** Whether an archive is configured at all. */
  abstract readonly isEnabled: boolean;

  /**
   * Market time by which the daily files of a date are there as a rule. A file that is missing later is missing for its
   * symbol; before, those of all symbols may be.
   */
  abstract dailyFrom(date: EpochMicros): EpochMicros;

  /** Market time before which there is no monthly file of the month that the date is in. */
  abstract monthlyFrom(date: EpochMicros): EpochMicros;

  /**
   * The minutes of one UTC day (`date` is its first instant) from its daily file, verified against the published SHA-256.
   *
   * @throws ArchiveError, or the signal's reason when the caller aborts
   */
  abstract day(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay>;

  /**
   * The same from the monthly file, for a day that has no daily one: where the two differ, the monthly files are known to
   * be wrong. Days of a month asked for in ascending order cost one fetch.
   *
   * @throws ArchiveError, or the signal's reason when the caller aborts
   */
  abstract dayOfMonth(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay>;
}

/** What is known of a file once its last row has been read. */
export interface KlineFileEnd {
  /** Rows that were accepted. */
  readonly rows: number;
  readonly duplicates: number;
  /** Minutes whose rows were not accepted, ascending. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** From the first accepted row's minute to the end of the last one's; undefined where there is none. */
  readonly range: TimeRange | undefined;
  /**
   * SHA-256 over the accepted rows in the file's order, each as one line `open time, close time, open, high, low, close, volume,
   * quote volume, trade count, taker buy volume, taker buy quote volume` with times in microseconds: it is the same for
   * files of the same rows, whatever their packing, header, unit of time or duplicates.
   */
  readonly rowsSha256: string;
}

/** A file of minutes on disk, open for reading. */
export abstract class KlineFile {
  abstract readonly facts: KlineFileFacts;

  /** How many of its bytes have been read by now. */
  abstract readonly bytesRead: number;

  /**
   * The rows, day by day, read as they are asked for: memory does not grow with the file. The sieve, where there is one,
   * sees each day before it is counted. Returns what is known at the end. To be called once. @throws ArchiveError
   */
  abstract days(signal?: AbortSignal, sieve?: DaySieve): AsyncGenerator<DayOfMinutes, KlineFileEnd>;
}

export interface KlineFileOptions {
  /** Needed when neither the file's name nor the one inside it says it; must agree with both. */
  readonly symbol?: string;
  /**
   * Whether the rows are known to be of the spot market, by where they come from or by a person's word. Otherwise a file
   * whose name, folder or header is that of another market is refused: its rows look the same.
   */
  readonly isKnownSpot?: boolean;
  /** Becomes the capture time of every row. */
  readonly capturedAt: EpochMicros;
}

/** Reads the archive's files from disk: zip, gzip or plain CSV, with or without a `.CHECKSUM` beside it. */
export abstract class KlineFiles {
  /** Checks the file's hash (when one is beside it) before a row is read. @throws ArchiveError */
  abstract open(path: string, options: KlineFileOptions): Promise<KlineFile>;
}
