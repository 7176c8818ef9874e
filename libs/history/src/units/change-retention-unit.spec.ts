import { HOUR, latestStamp, MINUTE, type EpochMicros } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { CHANGE_TIMES, FEED_IDS, feedIds, removeChangesUnit } from './change-retention-unit';

const NOW = Date.UTC(2026, 0, 15) * 1_000;
const KEPT_HOURS = 2;
const OLD = NOW - 3 * HOUR;
const YOUNG = NOW - HOUR;
const AHEAD = NOW + 5 * HOUR;

describe('the unit of changes whose time of retention is over', () => {
  /** Two feeds of units that were committed at these times. */
  const begin = (times: readonly EpochMicros[], first = 0): MemoryRows => {
    const rows = new MemoryRows();
    const units = [1, 2].flatMap((feed) =>
      times.map((committedAt, index) => ({ feed, position: first + index, committedAt })),
    );
    rows.apply([{ kind: 'add', table: CHANGE_TIMES, rows: units }]);
    return rows;
  };
  const remove = (rows: MemoryRows, most?: number): number =>
    runUnit(rows, removeChangesUnit(1, KEPT_HOURS, NOW, most));
  const left = (rows: MemoryRows, feed = 1): EpochMicros[] =>
    rows
      .all(CHANGE_TIMES)
      .filter((unit) => unit.feed === feed)
      .map(({ committedAt }) => committedAt);

  it('should remove a feed up to its last old unit before one that stays, however many are read at once', () => {
    const time = fc.constantFrom(OLD, OLD + MINUTE, NOW - KEPT_HOURS * HOUR, YOUNG, latestStamp(NOW), AHEAD);
    fc.assert(
      fc.property(
        fc.array(time, { maxLength: 12 }),
        fc.nat({ max: 3 }),
        fc.integer({ min: 1, max: 13 }),
        (times, first, most) => {
          const rows = begin(times, first);
          let removed = 0;
          for (let count = remove(rows, most); count > 0; count = remove(rows, most)) removed += count;
          const staying = times.findIndex((at) => at >= NOW - KEPT_HOURS * HOUR && at <= latestStamp(NOW));
          const before = staying === -1 ? times : times.slice(0, staying);
          const gone = before.findLastIndex((at) => at < NOW - KEPT_HOURS * HOUR) + 1;
          expect(left(rows)).toEqual(times.slice(gone));
          expect(removed).toBe(gone);
          expect(left(rows, 2)).toEqual(times);
        },
      ),
    );
  });

  it('should not keep what a clock that was ahead has stamped for longer than what follows it', () => {
    const rows = begin([AHEAD, AHEAD, AHEAD, OLD, AHEAD, YOUNG]);
    expect(remove(rows, 2)).toBe(4);
    expect(left(rows)).toEqual([AHEAD, YOUNG]);
    expect(remove(rows, 2)).toBe(0);
  });

  it('should keep what follows a unit that stays, for a feed has no holes', () => {
    const rows = begin([OLD, YOUNG, OLD, YOUNG]);
    expect(remove(rows)).toBe(1);
    expect(remove(rows)).toBe(0);
    expect(left(rows)).toEqual([YOUNG, OLD, YOUNG]);
  });

  it('should ask once for a portion', () => {
    const rows = begin([OLD, OLD, OLD, OLD]);
    expect(remove(rows, 2)).toBe(2);
    expect(rows.rounds).toBe(1);
  });

  it('should be one for each feed', () => {
    const rows = new MemoryRows();
    rows.apply([{ kind: 'add', table: FEED_IDS, rows: [{ id: 7 }, { id: 2 }] }]);
    expect(runUnit(rows, findOnly(feedIds()))).toEqual([2, 7]);
  });
});
