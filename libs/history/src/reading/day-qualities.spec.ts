import {
  compareCodePoints,
  coveragePercent,
  DAY,
  floorTo,
  ledgerEnd,
  MINUTE,
  SECOND,
  type DayQuality,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import { FakeClock, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runsOfMinutes, type RecordedMinute } from '../ledger-runs';
import { COVERAGE, COVERAGE_DAYS, DAY_CAPTURES, SYMBOL_FRAMES } from '../units/ledger-tables';
import { DAY_VERIFICATIONS } from '../units/day-verification-unit';
import { DayQualities } from './day-qualities';

/** A few minutes before midnight, three days long, with a state every so often. */
const T = Date.UTC(2026, 0, 15, 23, 50) * 1_000;
const FIRST_DATE = floorTo(T, DAY);
const STEP = 37 * MINUTE;
const STEPS = 120;
const DATES = [0, 1, 2, 3, 4].map((day) => FIRST_DATE + day * DAY);
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', '币安人生USDT'];
const CHANGED_AT = T + 5;

/** A comparison of a day, and when the newest capture of the day came; undefined where it has none any more. */
interface Compared {
  readonly date: EpochMicros;
  readonly result: 'equal' | 'differs';
  readonly checkedAt: EpochMicros;
  readonly capturedAt: EpochMicros | undefined;
}

interface Ledger {
  readonly start: EpochMicros | undefined;
  readonly minutes: readonly RecordedMinute[];
  readonly compared: readonly Compared[];
}

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

const compared = fc.uniqueArray(
  fc.record({
    date: fc.constantFrom(...DATES),
    result: fc.constantFrom('equal' as const, 'differs' as const),
    checkedAt: fc.integer({ min: 1, max: 3 }).map((at) => T + 9 * DAY + at),
    capturedAt: fc.option(
      fc.integer({ min: 1, max: 3 }).map((at) => T + 9 * DAY + at),
      { nil: undefined },
    ),
  }),
  { selector: ({ date }) => date, maxLength: DATES.length },
);

const ledger: fc.Arbitrary<Ledger> = fc.record({
  start: fc.option(fc.constantFrom(T, T + 3 * 60 * MINUTE), { nil: undefined }),
  minutes,
  compared,
});
const ledgers = fc.tuple(ledger, ledger, ledger);

const ranges = fc
  .tuple(fc.integer({ min: -2, max: 4 }), fc.integer({ min: 0, max: 5 }))
  .map(([start, days]): TimeRange => ({ start: FIRST_DATE + start * DAY, end: FIRST_DATE + (start + days) * DAY }));

const nows = fc.integer({ min: 0, max: 75 * 60 }).map((minute) => T + minute * MINUTE + 31 * SECOND);

/** What the ledger has: its minutes from its start on. */
const minutesOf = ({ start = Infinity, minutes: all }: Ledger): RecordedMinute[] =>
  all.filter(({ minute }) => minute >= start);

const countOf = (all: readonly RecordedMinute[], state: RecordedMinute['state']): number =>
  all.filter((one) => one.state === state).length;

function read(given: readonly Ledger[], now: EpochMicros): DayQualities {
  const rows = new MemoryRows();
  for (const [index, one] of given.entries()) {
    const symbol = SYMBOLS[index]!;
    const recorded = minutesOf(one);
    const sums = DATES.flatMap((date) => {
      const ofDay = recorded.filter(({ minute }) => floorTo(minute, DAY) === date);
      if (ofDay.length === 0) return [];
      return {
        symbol,
        date,
        captured: countOf(ofDay, 'captured'),
        quiet: countOf(ofDay, 'quiet'),
        stopped: countOf(ofDay, 'stopped'),
        repaired: ofDay.filter(({ repaired }) => repaired).length,
        changedAt: CHANGED_AT,
        stoppedAt: null,
      };
    });
    const frame = { trackedSince: T, ledgerStart: one.start ?? null, ledgerFloor: null, firstCapturedAt: T };
    rows.apply([
      { kind: 'add', table: SYMBOL_FRAMES, rows: [{ symbol, ...frame }] },
      {
        kind: 'add',
        table: COVERAGE,
        rows: runsOfMinutes(recorded).map(({ start, end, state, repaired }) => {
          return { symbol, startTime: start, endTime: end, state, repaired };
        }),
      },
      { kind: 'add', table: COVERAGE_DAYS, rows: sums },
      {
        kind: 'add',
        table: DAY_VERIFICATIONS,
        rows: one.compared.map(({ date, result, checkedAt }) => ({ symbol, date, result, checkedAt })),
      },
      {
        kind: 'add',
        table: DAY_CAPTURES,
        rows: one.compared.flatMap(({ date, capturedAt }) =>
          capturedAt === undefined ? [] : { symbol, openTime: date, capturedAt },
        ),
      },
    ]);
  }
  return new DayQualities(rows, new FakeClock(now));
}

/** The dates of a symbol by the definition: minute by minute up to the end of the ledger. */
function expected(symbol: string, one: Ledger, now: EpochMicros): Partial<DayQuality>[] {
  const { start = Infinity } = one;
  const end = ledgerEnd(now);
  return DATES.flatMap((date) => {
    const expectedMinutes = (Math.min(date + DAY, end) - Math.max(date, start)) / MINUTE;
    if (expectedMinutes <= 0) return [];
    const ofDay = minutesOf(one).filter(({ minute }) => minute >= date && minute < Math.min(date + DAY, end));
    const missing = expectedMinutes - ofDay.length;
    const found = one.compared.find((day) => day.date === date);
    const isAsItWas = found?.capturedAt !== undefined && found.capturedAt <= found.checkedAt;
    return {
      date,
      symbol,
      expected: expectedMinutes,
      captured: countOf(ofDay, 'captured'),
      quiet: countOf(ofDay, 'quiet'),
      stopped: countOf(ofDay, 'stopped'),
      missing,
      repaired: ofDay.filter(({ repaired }) => repaired).length,
      coveragePercent: coveragePercent(expectedMinutes, missing),
      verified: isAsItWas ? found.result : null,
      ...(isAsItWas ? { changedAt: found.checkedAt } : {}),
    };
  });
}

describe('the quality of days', () => {
  it('should account for each date of the ledgers, and believe comparisons of what has not changed since', async () => {
    await fc.assert(
      fc.asyncProperty(ledgers, ranges, nows, async (given, range, now) => {
        const wanted = given
          .flatMap((one, index) => expected(SYMBOLS[index]!, one, now))
          .filter(({ date = 0 }) => date >= range.start && date < range.end)
          .sort((a, b) => a.date! - b.date! || compareCodePoints(a.symbol!, b.symbol!));
        const qualities = read(given, now);
        expect(await qualities.days(SYMBOLS, range)).toEqual(
          wanted.map((day): unknown => expect.objectContaining(day)),
        );
        expect(await qualities.countDates(SYMBOLS, range)).toBe(wanted.length);
      }),
    );
  });

  it('should span the dates of each ledger that has begun', async () => {
    await fc.assert(
      fc.asyncProperty(ledgers, nows, async (given, now) => {
        const spans = given.flatMap((one, index) => {
          const dates = expected(SYMBOLS[index]!, one, now).map(({ date = 0 }) => date);
          return dates.length === 0 ? [] : { start: Math.min(...dates), end: Math.max(...dates) + DAY };
        });
        expect(await read(given, now).spans(SYMBOLS)).toEqual(spans);
      }),
    );
  });
});
