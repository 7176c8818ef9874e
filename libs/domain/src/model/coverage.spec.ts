import fc from 'fast-check';
import {
  accountFor,
  coverageMovedAt,
  coveragePercent,
  explainMissing,
  isRepaired,
  joinRanges,
  LEDGER_DELAY,
  ledgerEnd,
  minutesIn,
  REPAIR_AFTER,
  type CoverageRange,
  type MinuteState,
} from './coverage';
import { HOUR, MINUTE, SECOND } from './time';

const T = Date.UTC(2026, 0, 15) * 1_000;

interface Minute {
  readonly state: MinuteState;
  readonly repaired: boolean;
}

const MISSING: Minute = { state: 'missing', repaired: false };

/** What each minute of a span is, or undefined where no range is recorded. */
const minutes = fc.array(
  fc.option(
    fc.record<Minute>({
      state: fc.constantFrom<MinuteState>('captured', 'quiet', 'stopped'),
      repaired: fc.boolean(),
    }),
    { nil: undefined, freq: 3 },
  ),
  { maxLength: 40 },
);

/** One range for each recorded minute. */
const singles = (row: readonly (Minute | undefined)[]): CoverageRange[] =>
  row.flatMap((minute, index) =>
    minute ? [{ start: T + index * MINUTE, end: T + (index + 1) * MINUTE, ...minute }] : [],
  );

function* minutesOf(ranges: Iterable<CoverageRange>): Generator<[number, Minute]> {
  for (const { start, end, state, repaired } of ranges) {
    for (let minute = start; minute < end; minute += MINUTE) yield [(minute - T) / MINUTE, { state, repaired }];
  }
}

describe('coverage', () => {
  it('should join neighbours of one state and flag, and change no minute', () => {
    fc.assert(
      fc.property(minutes, (row) => {
        const joined = joinRanges(singles(row));
        expect([...minutesOf(joined)]).toEqual([...minutesOf(singles(row))]);
        joined.forEach((range, index) => {
          const next = joined[index + 1];
          if (next?.start !== range.end) return;
          expect([next.state, next.repaired]).not.toEqual([range.state, range.repaired]);
        });
      }),
    );
  });

  it('should account for every minute of a span, whatever is recorded in and around it', () => {
    fc.assert(
      fc.property(minutes, fc.integer({ min: -5, max: 45 }), fc.nat(45), (row, from, length) => {
        const span = { start: T + from * MINUTE, end: T + (from + length) * MINUTE };
        const account = [...accountFor(span, joinRanges(singles(row)))];
        const expected = Array.from({ length }, (_, index) => [from + index, row[from + index] ?? MISSING]);
        expect([...minutesOf(account)]).toEqual(expected);
        for (const range of account) expect(range.start).toBeLessThan(range.end);
        account.forEach((range, index) => {
          if (index > 0) expect(range.start).toBe(account[index - 1]?.end);
        });
        const total = account.reduce((sum, range) => sum + minutesIn(range), 0);
        expect(total).toBe(length);
      }),
    );
  });

  it('should give percentages with two decimals, rounded down', () => {
    expect(coveragePercent(0, 0)).toBe('100.00');
    expect(coveragePercent(1_440, 0)).toBe('100.00');
    expect(coveragePercent(1_440, 1_440)).toBe('0.00');
    expect(coveragePercent(3, 1)).toBe('66.66');
    expect(coveragePercent(1_000_000, 1)).toBe('99.99');
    expect(coveragePercent(10_000, 9_999)).toBe('0.01');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(), (expected, some) => {
        const missing = some % (expected + 1);
        const [whole = '', fraction = ''] = coveragePercent(expected, missing).split('.');
        expect(fraction).toHaveLength(2);
        const hundredths = BigInt(whole) * 100n + BigInt(fraction);
        const exact = BigInt(expected - missing) * 10_000n;
        expect(hundredths * BigInt(expected) <= exact).toBe(true);
        expect((hundredths + 1n) * BigInt(expected) > exact).toBe(true);
        if (missing > 0) expect(whole).not.toBe('100');
      }),
    );
  });

  it('should call a minute repaired only when it came more than ten minutes late while the symbol was tracked', () => {
    const close = T + MINUTE;
    expect(isRepaired(T, close + REPAIR_AFTER, T - HOUR)).toBe(false);
    expect(isRepaired(T, close + REPAIR_AFTER + 1, T - HOUR)).toBe(true);
    expect(isRepaired(T, close + HOUR, close)).toBe(false);
    expect(isRepaired(T, close + HOUR, close - 1)).toBe(true);
    expect(isRepaired(T, close + HOUR, T + HOUR)).toBe(false);
  });

  it('should end the ledger with the last minute that closed over two minutes ago', () => {
    expect(ledgerEnd(T + 5 * MINUTE)).toBe(T + 3 * MINUTE);
    expect(ledgerEnd(T + 5 * MINUTE + 59 * SECOND)).toBe(T + 3 * MINUTE);
    expect(ledgerEnd(T + 5 * MINUTE - 1)).toBe(T + 2 * MINUTE);
  });

  it('should know when the percentage last moved with the end of the ledger', () => {
    const runs = fc.array(fc.record({ minutes: fc.integer({ min: 1, max: 400 }), isMissing: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(runs, (parts) => {
        const states = parts.flatMap(({ minutes: count, isMissing }) => Array.from({ length: count }, () => isMissing));
        const missing = states.filter(Boolean).length;
        const last = states.at(-1) ?? false;
        const run = [...states].reverse().findIndex((state) => state !== last);
        const length = run === -1 ? states.length : run;
        const percents = states.map((_, index) =>
          coveragePercent(index + 1, states.slice(0, index + 1).filter(Boolean).length),
        );
        // The first minute of the tail at whose end the percentage was what it is, and has been since.
        let same = states.length;
        while (same > states.length - length + 1 && percents[same - 2] === percents.at(-1)) same -= 1;
        if (same === states.length - length + 1 && (percents[same - 2] ?? '100.00') === percents.at(-1)) same -= 1;
        const span = { start: T, end: T + states.length * MINUTE };
        const tail = { start: span.end - length * MINUTE, isMissing: last };
        expect(coverageMovedAt(span, missing, tail)).toBe(missing === 0 ? 0 : T + same * MINUTE + LEDGER_DELAY);
      }),
    );
  });
});

describe('explainMissing', () => {
  const range = (start: number, end: number) => ({ start: start * MINUTE, end: end * MINUTE });
  const note = (start: number, end: number, reason: string) => ({ ...range(start, end), reason });
  const told = (...parameters: Parameters<typeof explainMissing>): [number, number, string][] =>
    [...explainMissing(...parameters)].map(({ start, end, reason }) => [start / MINUTE, end / MINUTE, reason]);

  it('should say of a gap without a note that nobody has asked', () => {
    expect(told(range(10, 20), [])).toEqual([[10, 20, 'not asked for yet']]);
  });

  it('should cut a gap where the reasons change, and notes at the ends of the gap', () => {
    expect(told(range(10, 20), [note(0, 12, 'unreachable'), note(15, 30, 'no row')])).toEqual([
      [10, 12, 'unreachable'],
      [12, 15, 'not asked for yet'],
      [15, 20, 'no row'],
    ]);
  });

  it('should leave out notes about minutes that are there by now', () => {
    expect(told(range(10, 20), [note(0, 10, 'unreachable'), note(20, 30, 'no row')])).toEqual([
      [10, 20, 'not asked for yet'],
    ]);
  });

  it('should join neighbours that have one reason', () => {
    const notes = [note(10, 12, 'no row'), note(12, 14, 'no row'), note(14, 15, 'refused'), note(16, 20, 'refused')];
    expect(told(range(10, 20), notes)).toEqual([
      [10, 14, 'no row'],
      [14, 15, 'refused'],
      [15, 16, 'not asked for yet'],
      [16, 20, 'refused'],
    ]);
  });
});
