import { coveragePercent, DAY, floorTo, ledgerEnd, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import fc from 'fast-check';
import { datesOf, ledgerDays, ledgerSpan, ledgerTail, openDay, type RecordedDay } from './ledger-days';
import { runsOfMinutes, type RecordedMinute, type RecordedRange } from './ledger-runs';

/** A few minutes before midnight, three days long, with a state every so often: the ledger is sparse. */
const T = Date.UTC(2026, 0, 15, 23, 50) * 1_000;
const STEP = 17 * MINUTE;
const STEPS = 200;

const minutes = fc
  .array(
    fc.option(
      fc.record({
        state: fc.constantFrom('captured' as const, 'quiet' as const, 'stopped' as const),
        repaired: fc.boolean(),
      }),
    ),
    { minLength: STEPS, maxLength: STEPS },
  )
  .map((row) =>
    row.flatMap((state, index): RecordedMinute[] => (state ? [{ minute: T + index * STEP, ...state }] : [])),
  );

const range = fc
  .tuple(fc.integer({ min: -2, max: 4 }), fc.integer({ min: 0, max: 5 }))
  .map(([start, days]) => ({ start: floorTo(T, DAY) + start * DAY, end: floorTo(T, DAY) + (start + days) * DAY }));

const now = fc.integer({ min: 0, max: 60 * 60 }).map((minute) => T + minute * MINUTE + 31 * SECOND);

function recordedOf(row: readonly RecordedMinute[]): Map<EpochMicros, RecordedDay> {
  const days = new Map<
    EpochMicros,
    { captured: number; quiet: number; stopped: number; repaired: number; changedAt: number }
  >();
  for (const { minute, state, repaired } of row) {
    const date = floorTo(minute, DAY);
    const day = days.get(date) ?? { captured: 0, quiet: 0, stopped: 0, repaired: 0, changedAt: 5 };
    day[state] += 1;
    if (repaired) day.repaired += 1;
    days.set(date, day);
  }
  return days;
}

const within = (runs: readonly RecordedRange[], part: { start: number; end: number } | undefined): RecordedRange[] =>
  part ? runs.filter(({ start, end }) => start < part.end && end > part.start) : [];

describe('days of the ledger', () => {
  it('should account for each of its minutes up to its end, whole days and the open one alike', () => {
    fc.assert(
      fc.property(minutes, range, now, (row, asked, at) => {
        const span = ledgerSpan(T, at, asked);
        const end = ledgerEnd(at);
        if (!span) {
          expect(Math.max(T, asked.start)).toBeGreaterThanOrEqual(Math.min(end, asked.end));
          return;
        }
        const days = ledgerDays(T, span, at, recordedOf(row), within(runsOfMinutes(row), openDay(span, at)));
        const { start, end: until } = datesOf(span);
        expect(days.map(({ date }) => date)).toEqual(
          Array.from({ length: (until - start) / DAY }, (_, index) => start + index * DAY),
        );
        for (const { date, ...day } of days) {
          const ofDay = row.filter(({ minute }) => minute >= date && minute < Math.min(date + DAY, end));
          const count = (state: RecordedMinute['state']): number => ofDay.filter((one) => one.state === state).length;
          const expected = (Math.min(date + DAY, end) - Math.max(date, T)) / MINUTE;
          expect(day).toMatchObject({
            expected,
            captured: count('captured'),
            quiet: count('quiet'),
            stopped: count('stopped'),
            missing: expected - ofDay.length,
            repaired: ofDay.filter(({ repaired }) => repaired).length,
            coveragePercent: coveragePercent(expected, expected - ofDay.length),
          });
        }
      }),
    );
  });

  it('should be none before the ledger has begun, or of a symbol without one', () => {
    expect(ledgerSpan(undefined, T + DAY)).toBeUndefined();
    expect(ledgerSpan(T, T + MINUTE)).toBeUndefined();
    expect(ledgerSpan(T, T + DAY)).toEqual({ start: T, end: ledgerEnd(T + DAY) });
  });

  it('should end with minutes that are accounted for, or with those that are missing behind the last run', () => {
    expect(ledgerTail({ start: T, end: T + 3 * MINUTE }, T + 5 * MINUTE)).toEqual({
      start: T + 3 * MINUTE,
      isMissing: true,
    });
    expect(ledgerTail({ start: T, end: T + 7 * MINUTE }, T + 5 * MINUTE)).toEqual({ start: T, isMissing: false });
  });
});
