import { HOUR, latestStamp, type EpochMicros } from '@app/domain';
import { describeTable } from '../rows/table';
import { ask, inRanges, type Inquiry, type Unit } from '../rows/unit';
import { ROWS_A_UNIT } from './retention-unit';

/** The feeds of changes; to be read alone. */
export const FEED_IDS = describeTable('feeds', ['id'], { id: 'integer' });

/** When the units of feeds were committed; to be read and removed by. */
export const CHANGE_TIMES = describeTable('changes', ['feed', 'position'], {
  feed: 'integer',
  position: 'integer',
  committedAt: 'time',
});

/** Finds all feeds of changes. */
export function* feedIds(): Inquiry<readonly number[]> {
  const [[rows = []]] = yield* ask(inRanges(FEED_IDS, [{ prefix: [] }]));
  return rows.map(({ id }) => id);
}

/**
 * Removes the oldest units of a feed, about as many as are read at once, of those committed more than `hours` ago: up to
 * the first one that stays, for a feed has no holes, whatever the clock did. Returns how many; none once there are no more.
 */
export function* removeChangesUnit(feed: number, hours: number, now: EpochMicros, most = ROWS_A_UNIT): Unit<number> {
  const [horizon, latest] = [now - hours * HOUR, latestStamp(now)];
  for (let [from, before] = [0, 0]; ;) {
    const [[units = []]] = yield* ask(inRanges(CHANGE_TIMES, [{ prefix: [feed], from, only: most }]));
    // What a clock that was ahead has stamped is as old as what follows it, and must not keep that for ever.
    const staying = units.findIndex(({ committedAt }) => committedAt >= horizon && committedAt <= latest);
    const going = staying === -1 ? units : units.slice(0, staying);
    const index = going.findLastIndex(({ committedAt }) => committedAt < horizon);
    const last = going[index];
    if (last) {
      const gone = { prefix: [feed], until: last.position + 1 };
      return { outcome: before + index + 1, changes: [{ kind: 'remove', table: CHANGE_TIMES, ranges: [gone] }] };
    }
    const next = units.at(-1);
    if (staying !== -1 || units.length < most || !next) return { outcome: 0, changes: [] };
    from = next.position + 1;
    before += units.length;
  }
}
