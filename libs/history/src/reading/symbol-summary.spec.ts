import {
  coveragePercent,
  DAY,
  floorTo,
  LEDGER_DELAY,
  MINUTE,
  SECOND,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import fc from 'fast-check';
import {
  symbolSummaries,
  type AccountedDays,
  type DatesOfSymbol,
  type StoredSymbol,
  type SymbolRows,
} from './symbol-summary';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const NOON = MIDNIGHT + DAY / 2;
const SYMBOL = 'BTCUSDT';
const NO_DATES = { first: null, last: null };

/** What a test gives of a symbol; nothing else is stored. */
interface Given {
  readonly dates?: DatesOfSymbol;
  readonly lastMinute?: EpochMicros;
  readonly events?: readonly EpochMicros[];
  readonly assetsSince?: EpochMicros;
  readonly runs?: readonly TimeRange[];
  readonly changedAt?: EpochMicros;
}

class MemorySymbol implements SymbolRows {
  readonly asked: string[] = [];

  constructor(private readonly given: Given) {}

  dates(_symbol: string, until: EpochMicros): DatesOfSymbol {
    this.asked.push(`dates until ${until}`);
    return this.given.dates ?? { candles: { ...NO_DATES, captured: null }, polls: NO_DATES };
  }

  lastMinute(): EpochMicros | null {
    return this.given.lastMinute ?? null;
  }

  lastEvent(_symbol: string, until: EpochMicros): EpochMicros | null {
    return this.given.events?.findLast((time) => time <= until) ?? null;
  }

  assetsSince(): EpochMicros | null {
    return this.given.assetsSince ?? null;
  }

  accountedDays(_symbol: string, before: EpochMicros): AccountedDays {
    this.asked.push('days');
    return { minutes: minutesOf(this.all, 0, before).length || null, changedAt: this.given.changedAt ?? null };
  }

  runs(_symbol: string, { start, end }: TimeRange): TimeRange[] {
    this.asked.push('runs');
    return this.all.filter((run) => run.start < end && run.end > start);
  }

  lastRun(_symbol: string, before: EpochMicros): TimeRange | undefined {
    this.asked.push('last run');
    return this.all.findLast((run) => run.start < before);
  }

  private get all(): readonly TimeRange[] {
    return this.given.runs ?? [];
  }
}

function minutesOf(runs: readonly TimeRange[], start: EpochMicros, end: EpochMicros): EpochMicros[] {
  return runs.flatMap((run) => {
    const minutes = [];
    for (let at = Math.max(run.start, start); at < Math.min(run.end, end); at += MINUTE) minutes.push(at);
    return minutes;
  });
}

const stored = (ledgerStart: EpochMicros | null): StoredSymbol => ({
  symbol: SYMBOL,
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  status: 'TRADING',
  ledgerStart,
});

function summary(given: Given, ledgerStart: EpochMicros | null = null, now = NOON) {
  const [found] = symbolSummaries(new MemorySymbol(given), [SYMBOL], [stored(ledgerStart)], now);
  return found!;
}

/** Runs over up to three days, as lengths of what is missing and what is recorded by turns, in minutes. */
const ledgers = fc
  .record({
    turns: fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 900 })), { maxLength: 6 }),
    length: fc.integer({ min: 1, max: 3 * 1_440 }),
    startsAt: fc.integer({ min: 0, max: 1_439 }),
  })
  .map(({ turns, length, startsAt }) => {
    const start = MIDNIGHT + startsAt * MINUTE;
    let position = start;
    const runs = turns.map(([missing, recorded]) => {
      const run = { start: position + missing * MINUTE, end: position + (missing + recorded) * MINUTE };
      position = run.end;
      return run;
    });
    return { start, end: start + length * MINUTE, runs };
  });

describe('summaries of symbols', () => {
  it('should be given of those that are known alone, in the order asked for', () => {
    const found = ['A', 'C', 'B'].map((symbol) => ({ ...stored(null), symbol }));
    const summaries = symbolSummaries(new MemorySymbol({}), ['B', 'X', 'A'], found, NOON);
    expect(summaries.map(({ symbol }) => symbol)).toEqual(['B', 'A']);
  });

  it('should say nothing of a symbol of which nothing is stored', () => {
    expect(summary({})).toEqual({
      symbol: SYMBOL,
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      status: 'TRADING',
      firstDate: null,
      lastDate: null,
      lastMinute: null,
      lastEvent: null,
      coveragePercent: '100.00',
      assetsSince: null,
      changedAt: 0,
    });
  });

  it('should reach from the first to the last day, whether of candles or of polls', () => {
    const time = fc.option(fc.integer({ min: 0, max: 9 }).map((day) => day * DAY));
    const dates = fc.tuple(time, time);
    fc.assert(
      fc.property(dates, dates, ([firstCandle, lastCandle], [firstPoll, lastPoll]) => {
        const found = summary({
          dates: {
            candles: { first: firstCandle, last: lastCandle, captured: null },
            polls: { first: firstPoll, last: lastPoll },
          },
        });
        const known = (...all: (number | null)[]): number[] =>
          all.filter((date) => date !== null).sort((a, b) => a - b);
        expect(found.firstDate).toBe(known(firstCandle, firstPoll)[0] ?? null);
        expect(found.lastDate).toBe(known(lastCandle, lastPoll).at(-1) ?? null);
      }),
    );
  });

  it('should leave out what is stamped more than a minute ahead of now', () => {
    const rows = new MemorySymbol({ events: [NOON - SECOND, NOON + MINUTE, NOON + MINUTE + 1] });
    const [found] = symbolSummaries(rows, [SYMBOL], [stored(null)], NOON);
    expect(found?.lastEvent).toBe(NOON + MINUTE);
    expect(rows.asked).toEqual([`dates until ${NOON + MINUTE}`]);
  });

  it('should give no time to assets that are those of the first answer', () => {
    expect(summary({ assetsSince: 0 }).assetsSince).toBeNull();
    expect(summary({ assetsSince: NOON }).assetsSince).toBe(NOON);
  });

  it('should have changed with the newest of its candles, events, assets and days of the ledger', () => {
    const times = fc.integer({ min: 1, max: NOON });
    fc.assert(
      fc.property(times, times, times, times, (captured, event, assetsSince, changedAt) => {
        const dates = { candles: { ...NO_DATES, captured }, polls: NO_DATES };
        const runs = [{ start: MIDNIGHT, end: NOON }];
        const given = { dates, events: [event], assetsSince, changedAt, runs };
        expect(summary(given, MIDNIGHT).changedAt).toBe(Math.max(captured, event, assetsSince, changedAt));
      }),
    );
  });

  it('should account for the minutes up to the end of the ledger, and for none of younger ones', () => {
    fc.assert(
      fc.property(ledgers, fc.integer({ min: 0, max: MINUTE - 1 }), ({ start, end, runs }, late) => {
        const found = summary({ runs }, start, end + LEDGER_DELAY + late);
        const expected = (end - start) / MINUTE;
        const missing = expected - minutesOf(runs, start, end).length;
        expect(found.coveragePercent).toBe(coveragePercent(expected, missing));
      }),
    );
  });

  it('should have changed when the end of the ledger last moved its percentage, or came to its last run or gap', () => {
    fc.assert(
      fc.property(ledgers, ({ start, end, runs }) => {
        const recorded = minutesOf(runs, start, end).length;
        const percentAt = (until: EpochMicros): string => {
          const expected = (until - start) / MINUTE;
          return coveragePercent(expected, expected - minutesOf(runs, start, until).length);
        };
        const last = runs.findLast((run) => run.start < end);
        const since = Math.max(start, (last && (last.end < end ? last.end : last.start)) ?? start);
        let moved = end;
        while (moved > since && percentAt(moved - MINUTE) === percentAt(end)) moved -= MINUTE;
        const isWhole = recorded === (end - start) / MINUTE;
        expect(summary({ runs }, start, end + LEDGER_DELAY).changedAt).toBe(isWhole ? 0 : moved + LEDGER_DELAY);
      }),
    );
  });

  it('should ask for the last run only where minutes are missing and none is recorded of the last day', () => {
    fc.assert(
      fc.property(ledgers, ({ start, end, runs }) => {
        const rows = new MemorySymbol({ runs });
        symbolSummaries(rows, [SYMBOL], [stored(start)], end + LEDGER_DELAY);
        const isMissing = minutesOf(runs, start, end).length < (end - start) / MINUTE;
        const hasOpen = minutesOf(runs, floorTo(end, DAY), end).length > 0;
        expect(rows.asked.includes('last run')).toBe(isMissing && !hasOpen);
      }),
    );
  });

  it('should ask nothing of a ledger that has not begun', () => {
    const rows = new MemorySymbol({});
    symbolSummaries(rows, [SYMBOL], [stored(null)], NOON);
    symbolSummaries(rows, [SYMBOL], [stored(NOON - LEDGER_DELAY)], NOON);
    expect(rows.asked).not.toContain('days');
  });
});
