import {
  compareCodePoints,
  ledgerEnd,
  MINUTE,
  SECOND,
  type EpochMicros,
  type MinuteState,
  type SymbolCoverage,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { FakeClock, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { COVERAGE, SYMBOL_FRAMES } from '../units/ledger-tables';
import { UNFILLED_RANGES } from '../units/unfilled-unit';
import { LedgerRanges } from './ledger-ranges';

const T = Date.UTC(2026, 0, 15, 23, 50) * 1_000;
const MINUTES = 120;
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', '币安人生USDT'];

/** A run of so many minutes; those in no state are missing. */
interface Stretch {
  readonly minutes: number;
  readonly state: MinuteState;
  readonly repaired: boolean;
}

/** So many minutes that have a reason why they would be missing; undefined for those that have none. */
interface Noted {
  readonly minutes: number;
  readonly reason: string | undefined;
}

interface Ledger {
  readonly start: EpochMicros | undefined;
  readonly stretches: readonly Stretch[];
  readonly notes: readonly Noted[];
}

const length = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(1, 2, 3) }, fc.integer({ min: 4, max: 30 }));

const ledger: fc.Arbitrary<Ledger> = fc.record({
  start: fc.option(
    fc.integer({ min: 0, max: 5 }).map((minute) => T + minute * MINUTE),
    { nil: undefined, freq: 9 },
  ),
  stretches: fc.array(
    fc.record({
      minutes: length,
      state: fc.constantFrom<MinuteState>('captured', 'quiet', 'stopped', 'missing', 'missing'),
      repaired: fc.boolean(),
    }),
    { maxLength: 40 },
  ),
  notes: fc.array(fc.record({ minutes: length, reason: fc.constantFrom('away', 'refused', undefined) }), {
    maxLength: 40,
  }),
});
const ledgers = fc.tuple(ledger, ledger, ledger);

const bound = fc.integer({ min: -5, max: MINUTES }).map((minute) => T + minute * MINUTE + 20 * SECOND);
const ranges = fc.record({ start: bound, end: bound }, { requiredKeys: [] });
const nows = fc.integer({ min: 0, max: MINUTES }).map((minute) => T + minute * MINUTE + 31 * SECOND);
const limits = fc.integer({ min: 1, max: 12 });

/** Consecutive parts from T on, with where they begin and end. */
function placed<Part extends { readonly minutes: number }>(parts: readonly Part[]): (Part & TimeRange)[] {
  let start = T;
  return parts.map((part) => {
    const end = start + part.minutes * MINUTE;
    const found = { ...part, start, end };
    start = end;
    return found;
  });
}

function read(
  given: readonly Ledger[],
  now: EpochMicros,
): { readonly ranges: LedgerRanges; readonly rows: MemoryRows } {
  const rows = new MemoryRows();
  for (const [index, { start, stretches, notes }] of given.entries()) {
    const symbol = SYMBOLS[index]!;
    const frame = { trackedSince: T, ledgerStart: start ?? null, ledgerFloor: null, firstCapturedAt: T };
    rows.apply([
      { kind: 'add', table: SYMBOL_FRAMES, rows: [{ symbol, ...frame }] },
      {
        kind: 'add',
        table: COVERAGE,
        rows: placed(stretches)
          .filter(({ state }) => state !== 'missing')
          .map((run) => ({
            symbol,
            startTime: run.start,
            endTime: run.end,
            state: run.state,
            repaired: run.repaired,
          })),
      },
      {
        kind: 'add',
        table: UNFILLED_RANGES,
        rows: placed(notes).flatMap(({ start: startTime, end: endTime, reason }) =>
          reason === undefined ? [] : { symbol, startTime, endTime, reason, askedAt: T },
        ),
      },
    ]);
  }
  return { ranges: new LedgerRanges(rows, new FakeClock(now)), rows };
}

/** The account by the definition, minute by minute. */
function expected(
  symbol: string,
  { start: begin, stretches, notes }: Ledger,
  range: Partial<TimeRange>,
  now: EpochMicros,
): SymbolCoverage[] {
  if (begin === undefined) return [];
  const [runs, reasons] = [placed(stretches), placed(notes)];
  const floor = (time: EpochMicros): EpochMicros => Math.floor(time / MINUTE) * MINUTE;
  const first = Math.max(begin, floor(range.start ?? 0));
  const end = Math.min(ledgerEnd(now), -floor(-(range.end ?? Infinity)));
  const items: { -readonly [Field in keyof SymbolCoverage]: SymbolCoverage[Field] }[] = [];
  let runOfLast: Stretch | undefined;
  for (let minute = first; minute < end; minute += MINUTE) {
    const isIn = (part: TimeRange): boolean => part.start <= minute && minute < part.end;
    const run = runs.find((one) => one.state !== 'missing' && isIn(one));
    const reason = run ? null : (reasons.find(isIn)?.reason ?? 'not asked for yet');
    const last = items.at(-1);
    if (last && run === runOfLast && last.reason === reason) last.end += MINUTE;
    else {
      const { state, repaired } = run ?? { state: 'missing', repaired: false };
      items.push({ symbol, start: minute, end: minute + MINUTE, state, repaired, reason });
    }
    runOfLast = run;
  }
  return items;
}

const keyOf = ({ start, symbol }: SymbolCoverage): TimeKey => ({ time: start, symbol });

describe('the account of ledgers', () => {
  it('should say of every minute what became of it and why, page by page, whatever the size of pages', async () => {
    await fc.assert(
      fc.asyncProperty(ledgers, ranges, nows, limits, async (given, range, now, limit) => {
        const wanted = given
          .flatMap((one, index) => expected(SYMBOLS[index]!, one, range, now))
          .sort((a, b) => a.start - b.start || compareCodePoints(a.symbol, b.symbol));
        const { ranges: account } = read(given, now);
        const found: SymbolCoverage[] = [];
        for (let after: TimeKey | undefined; ;) {
          const page = await account.ranges(SYMBOLS, range, limit, after);
          expect(page.length).toBeLessThanOrEqual(limit);
          found.push(...page);
          if (page.length < limit) break;
          after = keyOf(page.at(-1)!);
        }
        expect(found).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('should be the same of a single symbol', async () => {
    await fc.assert(
      fc.asyncProperty(ledger, ranges, nows, limits, async (one, range, now, limit) => {
        const wanted = expected(SYMBOLS[0]!, one, range, now);
        const { ranges: account } = read([one], now);
        expect(await account.ranges([SYMBOLS[0]!], range, limit)).toEqual(wanted.slice(0, limit));
      }),
    );
  });

  it('should take no more rounds for more symbols', async () => {
    const minutes = Array.from({ length: 10 }, (): Stretch => ({ minutes: 2, state: 'missing', repaired: false }));
    const stretches = minutes.map((gap, index): Stretch => (index % 2 === 0 ? gap : { ...gap, state: 'captured' }));
    const one: Ledger = { start: T, stretches, notes: [{ minutes: 7, reason: 'away' }] };
    const roundsOf = async (count: number): Promise<number> => {
      const { ranges: account, rows } = read(
        Array.from({ length: count }, () => one),
        T + MINUTES * MINUTE,
      );
      await account.ranges(SYMBOLS.slice(0, count), {}, 50);
      return rows.rounds;
    };
    expect(await roundsOf(3)).toBe(await roundsOf(2));
  });
});
