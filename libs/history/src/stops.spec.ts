import { accountOf, DAY, HOUR, MINUTE, type TimeRange } from '@app/domain';
import fc from 'fast-check';
import { accountsBy, stopsAsKnown, stopsOfDays } from './stops';

const T = Date.UTC(2026, 0, 15) * 1_000;

/** Ascending, disjoint ranges of minutes within four days. */
const stops = fc
  .uniqueArray(fc.integer({ min: 0, max: 4 * 1_440 - 1 }), { maxLength: 30 })
  .map((cuts) => [...cuts].sort((a, b) => a - b))
  .map((cuts) =>
    Array.from({ length: cuts.length >> 1 }, (_, index): TimeRange => ({
      start: T + cuts[2 * index]! * MINUTE,
      end: T + cuts[2 * index + 1]! * MINUTE,
    })),
  );

const within = (ranges: readonly TimeRange[], part: TimeRange): TimeRange[] =>
  ranges.filter(({ start, end }) => start < part.end && end > part.start);

const minutesOf = (ranges: readonly TimeRange[]): Set<number> =>
  new Set(
    ranges.flatMap(({ start, end }) =>
      Array.from({ length: (end - start) / MINUTE }, (_, index) => start + index * MINUTE),
    ),
  );

describe('what is stopped', () => {
  it('should be accounted for in a bucket as all stops are that there are', () => {
    const hour = fc
      .integer({ min: 0, max: 95 })
      .map((index) => ({ start: T + index * HOUR, end: T + (index + 1) * HOUR }));
    fc.assert(
      fc.property(stops, hour, fc.option(fc.integer({ min: 0, max: 96 })), (ranges, bucket, first) => {
        const firstMinute = first === null ? undefined : T + first * HOUR;
        const held = { minutes: 0, lastMinute: 0 };
        expect(accountsBy(ranges, firstMinute)(bucket, held)).toEqual(accountOf(bucket, held, ranges, firstMinute));
      }),
    );
  });

  it('should account for whole days by how many minutes are stopped on them', () => {
    const days = Array.from({ length: 4 }, (_, index) => ({ start: T + index * DAY, end: T + (index + 1) * DAY }));
    fc.assert(
      fc.property(stops, fc.integer({ min: 0, max: 4 * 24 - 1 }), (ranges, first) => {
        const firstMinute = T + first * HOUR;
        const stoppedDays = days.flatMap((day) => {
          const minutes = [...minutesOf(ranges)].filter((minute) => minute >= day.start && minute < day.end).length;
          return minutes === 0 ? [] : [{ date: day.start, minutes }];
        });
        const account = accountsBy(
          stopsOfDays(stoppedDays, firstMinute, (range) => within(ranges, range)),
          firstMinute,
        );
        for (const day of days.filter(({ end }) => end > firstMinute)) {
          const held = { minutes: 0, lastMinute: 0 };
          const { dueFrom, stored, stopped } = accountOf(day, held, within(ranges, day), firstMinute);
          expect(account(day, held)).toMatchObject({ dueFrom, stored, stopped });
        }
      }),
    );
  });

  it('should have been known to be stopped until its minute was captured', () => {
    const captured = [T + 2 * MINUTE, T + 5 * MINUTE + 30_000_000];
    const noted = [
      { start: T, end: T + 4 * MINUTE, state: 'captured' as const },
      { start: T + 4 * MINUTE, end: T + 6 * MINUTE, state: 'stopped' as const },
      { start: T + 6 * MINUTE, end: T + 7 * MINUTE, state: 'quiet' as const },
    ];
    const known = stopsAsKnown(noted, ({ start, end }) => captured.filter((time) => time >= start && time < end));
    expect(known).toEqual([
      { start: T, end: T + 2 * MINUTE },
      { start: T + 3 * MINUTE, end: T + 4 * MINUTE },
      { start: T + 4 * MINUTE, end: T + 6 * MINUTE },
      { start: T + 6 * MINUTE, end: T + 7 * MINUTE },
    ]);
  });
});
