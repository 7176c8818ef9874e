import { DAY, type Clock, type EpochMicros, type RangeChange } from '@app/domain';
import {
  findIn,
  knownSymbols,
  minutesGoBefore,
  nextDayOfMinutes,
  pricesGoBefore,
  removeMinutesUnit,
  removePricesUnit,
  runUnit,
  type Inquiry,
  type Rows,
  type Unit,
} from '@app/history';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';

/** Removes silver rows after their time. Gold made of them stays, and never changes any more. */
export class HistoryRetention {
  constructor(
    private readonly queue: WriteQueue,
    private readonly rows: Rows,
    private readonly feed: ChangeFeedWriter,
    private readonly clock: Clock,
  ) {}

  /** Returns how many minutes were removed: whole days, and only those of which no minute is missing. */
  async minutes(days: number, signal: AbortSignal): Promise<number> {
    const end = minutesGoBefore(this.clock.now(), days);
    let removed = 0;
    for (const symbol of this.find(knownSymbols())) {
      let start: EpochMicros = 0;
      while (!signal.aborted) {
        const day = this.find(nextDayOfMinutes(symbol, { start, end }));
        if (day === undefined) break;
        start = day + DAY;
        removed += await this.remove(() => removeMinutesUnit(symbol, day));
      }
    }
    return removed;
  }

  /** Returns how many events were removed; the newest one of a symbol stays. */
  async events(days: number, signal: AbortSignal): Promise<number> {
    const before = pricesGoBefore(this.clock.now(), days);
    let removed = 0;
    for (const symbol of this.find(knownSymbols())) {
      for (let found = 1; found > 0 && !signal.aborted; removed += found) {
        found = await this.remove(() => removePricesUnit(symbol, before));
      }
    }
    return removed;
  }

  private remove(unit: () => Unit<RangeChange | undefined>): Promise<number> {
    return this.queue.run(() => {
      const removed = runUnit(this.rows, unit());
      this.feed.note(HISTORY_FEED, { kind: 'removed', items: removed ? [removed] : [] });
      return removed?.count ?? 0;
    });
  }

  private find<Found>(inquiry: Inquiry<Found>): Found {
    return findIn(this.rows, inquiry);
  }
}
