import { DAY, DayVerificationStore, type DayVerification, type KnownDifference } from '@app/domain';
import { findIn, knownDifferencesOf, runUnit, spans, verifiedUnit, type Rows } from '@app/history';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';

/** Rows written in one transaction. */
const UNIT_ROWS = 2_000;

export class SqliteDayVerificationStore extends DayVerificationStore {
  constructor(
    private readonly queue: WriteQueue,
    private readonly rows: Rows,
    private readonly feed: ChangeFeedWriter,
  ) {
    super();
  }

  async save(verifications: readonly DayVerification[], differences: readonly KnownDifference[]): Promise<void> {
    for (let first = 0; first < verifications.length; first += UNIT_ROWS) {
      const part = verifications.slice(first, first + UNIT_ROWS);
      await this.queue.run(() => {
        runUnit(this.rows, verifiedUnit(part, differences));
        this.feed.note(HISTORY_FEED, {
          kind: 'verified',
          items: spans(part, ({ date }) => ({ start: date, end: date + DAY })),
        });
      });
    }
  }

  knownDifferences(symbol: string): Promise<KnownDifference[]> {
    return Promise.resolve(findIn(this.rows, knownDifferencesOf(symbol)));
  }
}
