/** For how long the store keeps what; undefined is for ever. */
export interface RetentionPolicy {
  /** Raw files, by the date in their name. */
  readonly bronzeDays: number | undefined;
  /** Stored minutes with their revisions; hours, days, metrics and the ledger stay. */
  readonly minutesDays: number | undefined;
  /** Polled prices; what their days say of them stays. */
  readonly eventsDays: number | undefined;
  /** Units of the change feed: how far back readers of it can resume. */
  readonly changesHours: number;
}

/** A raw file that was compressed. */
export interface CompactedFile {
  readonly file: string;
  readonly lines: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface CompactionReport {
  readonly files: readonly CompactedFile[];
  /** Files that stay as they are because something is wrong with them. */
  readonly failed: readonly { readonly file: string; readonly reason: string }[];
  /** Whether nothing was looked at because a backup is reading the raw files. */
  readonly isPaused?: boolean;
}

export interface RemovedHistory {
  readonly files: number;
  readonly minutes: number;
  readonly events: number;
  readonly changes: number;
}

/**
 * Keeps the store small. May run beside whoever writes, in any process, and be ended at any moment: what is done is
 * whole, and the next run does the rest. Raw files stay as they are while a backup reads them.
 */
export abstract class StoreUpkeep {
  /** Compresses the raw files of days that ended more than a day ago; those that are compressed already stay. */
  abstract compact(signal: AbortSignal): Promise<CompactionReport>;

  /** Removes what is older than the policy wants it; whole UTC days of minutes, and only those that miss none. */
  abstract retain(policy: RetentionPolicy, signal: AbortSignal): Promise<RemovedHistory>;
}
