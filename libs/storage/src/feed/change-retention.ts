import type { Clock } from '@app/domain';
import { feedIds, findIn, removeChangesUnit, runUnit, type Rows } from '@app/history';
import type { WriteQueue } from '../database/write-queue';

/** Removes changes after their time: whole units, from the oldest of each feed on. */
export class ChangeRetention {
  constructor(
    private readonly queue: WriteQueue,
    private readonly rows: Rows,
    private readonly clock: Clock,
  ) {}

  /** Returns how many units were removed. */
  async run(hours: number, signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (const feed of findIn(this.rows, feedIds())) {
      for (let found = 1; found > 0 && !signal.aborted; removed += found) {
        found = await this.queue.run(() => runUnit(this.rows, removeChangesUnit(feed, hours, this.clock.now())));
      }
    }
    return removed;
  }
}
