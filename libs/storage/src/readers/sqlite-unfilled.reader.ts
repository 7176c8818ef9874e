import { UnfilledReader, type TimeRange, type UnfilledRange } from '@app/domain';
import type { ReadStore } from './read-store';

/** Why minutes are missing, as the writing half noted it. */
export class SqliteUnfilledReader extends UnfilledReader {
  constructor(private readonly store: ReadStore) {
    super();
  }

  unfilled(symbol: string, { start = 0, end = Number.MAX_SAFE_INTEGER }: Partial<TimeRange>): Promise<UnfilledRange[]> {
    return this.store.read(() =>
      this.store
        .statement<[string, number, number], UnfilledRange>(
          `SELECT start_time AS start, end_time AS "end", reason, asked_at AS askedAt FROM unfilled_ranges
           WHERE symbol = ? AND end_time > ? AND start_time < ? ORDER BY start_time`,
        )
        .all(symbol, start, end),
    );
  }
}
