import { fullJitterDelayMs } from '../binance-options';

/** How patient the archive client is. The defaults suit the real archive; tests shorten them. */
export interface ArchiveOptions {
  /** Real milliseconds for one file, body included. */
  readonly requestTimeoutMs: number;
  /** Largest file taken; a day of minutes is about 70 KB. */
  readonly maxFileBytes: number;
  /** How often a file is fetched before it is given up. */
  readonly attempts: number;
  /** Real milliseconds before a retry; `retry` is 1 before the second attempt. */
  readonly retryDelayMs: (retry: number) => number;
}

export const DEFAULT_ARCHIVE_OPTIONS: ArchiveOptions = {
  requestTimeoutMs: 30_000,
  maxFileBytes: 16 * 1_024 * 1_024,
  attempts: 3,
  retryDelayMs: fullJitterDelayMs,
};
