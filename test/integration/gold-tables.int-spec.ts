import {
  DAY,
  HOUR,
  MINUTE,
  REPAIR_AFTER,
  addDecimalTexts,
  compareDecimalTexts,
  sameNumber,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { NOON, ORIGIN, TestStore, candleEvent, priceEvent } from '../support/test-store';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const TRACKED_SINCE = NOON;
/** Minutes around the end of an hour and of a day. */
const FIRST = NOON + DAY / 2 - 70 * MINUTE;
const LEDGER_START = FIRST - 10 * MINUTE;

/** A minute as it is known at last, with how often its numbers changed and when it was first captured. */
interface FinalMinute extends MinuteCandle {
  readonly revision: number;
  readonly firstCapturedAt: number;
}

const decimal = fc
  .tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 5 }))
  .map(([whole, fraction, scale]) => (scale === 0 ? `${whole}` : `${whole}.${`${fraction}00000`.slice(0, scale)}`));

const numbers = fc
  .record({
    open: decimal,
    high: decimal,
    low: decimal,
    close: decimal,
    volume: decimal,
    quoteVolume: decimal,
    takerBuyVolume: decimal,
    takerBuyQuoteVolume: decimal,
    tradeCount: fc.constantFrom(0, 0, 1, 5),
  })
  // A minute without trades is flat at the close before it.
  .map((version) => {
    const { close, tradeCount } = version;
    return tradeCount > 0 ? version : { ...version, open: close, high: close, low: close };
  });

/** The versions of one minute in the order of their captures. */
const minute = fc
  .record({
    symbol: fc.constantFrom(...SYMBOLS),
    index: fc.integer({ min: 0, max: 139 }),
    late: fc.boolean(),
    versions: fc.array(numbers, { minLength: 1, maxLength: 3 }),
  })
  .map(({ symbol, index, late, versions }) => {
    const openTime = FIRST + index * MINUTE;
    const captured = openTime + MINUTE + (late ? REPAIR_AFTER + 1 : 1);
    return versions.map((version, number) =>
      buildMinute(symbol, openTime, { ...version, capturedAt: captured + number * 1_000 }),
    );
  });

const history = fc.uniqueArray(minute, {
  minLength: 1,
  maxLength: 60,
  selector: ([first]) => `${first?.symbol} ${first?.openTime}`,
});

/**
 * An order of arrival: each minute's versions in the order of their captures, minutes in any order among each other,
 * some of them twice, cut into batches anywhere.
 */
const arrival = history.chain((minutes) => {
  const turns = minutes.flatMap((versions, index) => versions.map(() => index));
  return fc
    .tuple(
      fc.shuffledSubarray(turns, { minLength: turns.length, maxLength: turns.length }),
      fc.array(fc.nat(turns.length - 1), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 30 }),
    )
    .map(([order, repeats, sizes]) => {
      const next = minutes.map(() => 0);
      const sequence = order.flatMap((index) => {
        const version = minutes[index]?.[next[index]!];
        next[index]! += 1;
        return version ? [version] : [];
      });
      for (const position of [...repeats].sort((a, b) => a - b)) sequence.push(sequence[position]!);
      const batches: MinuteCandle[][] = [];
      for (let number = 0, start = 0; start < sequence.length; number += 1) {
        const size = sizes[number % sizes.length]!;
        batches.push(sequence.slice(start, start + size));
        start += size;
      }
      return { minutes, batches };
    });
});

const NUMBERS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'takerBuyVolume',
  'takerBuyQuoteVolume',
] as const;

function finalOf(versions: readonly MinuteCandle[]): FinalMinute {
  return versions.slice(1).reduce<FinalMinute>(
    (known, version) => {
      const same =
        known.tradeCount === version.tradeCount && NUMBERS.every((name) => sameNumber(known[name], version[name]));
      return same ? known : { ...version, revision: known.revision + 1, firstCapturedAt: known.firstCapturedAt };
    },
    { ...versions[0]!, revision: 1, firstCapturedAt: versions[0]!.capturedAt },
  );
}

const sumOf = (minutes: readonly FinalMinute[], name: (typeof NUMBERS)[number]): string =>
  minutes.map((candle) => candle[name]).reduce(addDecimalTexts);

/** The roll-up rule written down once more, over all minutes of a bucket in order. */
function bucketOf(symbol: string, openTime: number, minutes: readonly FinalMinute[]): object {
  const traded = minutes.filter(({ tradeCount }) => tradeCount > 0);
  const { close } = minutes.at(-1)!;
  const extreme = (name: 'high' | 'low', sign: 1 | -1): string =>
    traded
      .map((candle) => candle[name])
      .reduce((best, value) => (sign * compareDecimalTexts(value, best) > 0 ? value : best));
  return {
    symbol,
    open_time: openTime,
    open: traded[0]?.open ?? close,
    high: traded.length > 0 ? extreme('high', 1) : close,
    low: traded.length > 0 ? extreme('low', -1) : close,
    close,
    volume: sumOf(minutes, 'volume'),
    quote_volume: sumOf(minutes, 'quoteVolume'),
    trade_count: minutes.reduce((sum, { tradeCount }) => sum + tradeCount, 0),
    taker_buy_volume: sumOf(minutes, 'takerBuyVolume'),
    taker_buy_quote_volume: sumOf(minutes, 'takerBuyQuoteVolume'),
    minutes: minutes.length,
    captured_at: Math.max(...minutes.map(({ capturedAt }) => capturedAt)),
    revision: 1 + minutes.reduce((sum, { revision }) => sum + revision - 1, 0),
  };
}

function bucketsOf(minutes: readonly FinalMinute[], length: number): object[] {
  return SYMBOLS.flatMap((symbol) => {
    const own = minutes.filter((candle) => candle.symbol === symbol).sort((a, b) => a.openTime - b.openTime);
    const starts = [...new Set(own.map(({ openTime }) => Math.floor(openTime / length) * length))];
    return starts.map((start) =>
      bucketOf(
        symbol,
        start,
        own.filter(({ openTime }) => openTime >= start && openTime < start + length),
      ),
    );
  });
}

interface LedgerMinute {
  readonly symbol: string;
  readonly minute: number;
  readonly state: string;
  readonly repaired: number;
}

/** The ledger minute by minute. */
function ledgerOf(minutes: readonly FinalMinute[], stopped: readonly TimeRange[] = []): LedgerMinute[] {
  return SYMBOLS.flatMap((symbol) => {
    const own = new Map(
      minutes.filter((candle) => candle.symbol === symbol).map((candle) => [candle.openTime, candle]),
    );
    const rows: LedgerMinute[] = [];
    for (let time = LEDGER_START; time < FIRST + 200 * MINUTE; time += MINUTE) {
      const candle = own.get(time);
      if (candle) {
        const repaired = time + MINUTE > TRACKED_SINCE && candle.firstCapturedAt > time + MINUTE + REPAIR_AFTER;
        rows.push({
          symbol,
          minute: time,
          state: candle.tradeCount > 0 ? 'captured' : 'quiet',
          repaired: repaired ? 1 : 0,
        });
      } else if (stopped.some(({ start, end }) => time >= start && time < end)) {
        rows.push({ symbol, minute: time, state: 'stopped', repaired: 0 });
      }
    }
    return rows;
  });
}

function storedLedger(store: TestStore): LedgerMinute[] {
  const ranges = store.rows<{ symbol: string; start_time: number; end_time: number; state: string; repaired: number }>(
    'SELECT * FROM coverage ORDER BY symbol, start_time',
  );
  for (const [index, range] of ranges.entries()) {
    const next = ranges[index + 1];
    if (!next || next.symbol !== range.symbol) continue;
    // Disjoint, and no two neighbours that are one run.
    expect(next.start_time).toBeGreaterThanOrEqual(range.end_time);
    if (next.start_time === range.end_time)
      expect([next.state, next.repaired]).not.toEqual([range.state, range.repaired]);
  }
  return ranges.flatMap(({ symbol, start_time: start, end_time: end, state, repaired }) =>
    Array.from({ length: (end - start) / MINUTE }, (_, index) => ({
      symbol,
      minute: start + index * MINUTE,
      state,
      repaired,
    })),
  );
}

function daysOf(ledger: readonly LedgerMinute[]): object[] {
  return SYMBOLS.flatMap((symbol) => {
    const own = ledger.filter((row) => row.symbol === symbol);
    const dates = [...new Set(own.map((row) => Math.floor(row.minute / DAY) * DAY))];
    return dates.map((date) => {
      const rows = own.filter((row) => row.minute >= date && row.minute < date + DAY);
      const count = (state: string): number => rows.filter((row) => row.state === state).length;
      return {
        symbol,
        date,
        captured: count('captured'),
        quiet: count('quiet'),
        stopped: count('stopped'),
        repaired: rows.filter(({ repaired }) => repaired === 1).length,
      };
    });
  });
}

const ROLL_UP_ROWS = (table: string): string =>
  `SELECT symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume,
     taker_buy_quote_volume, minutes, captured_at, revision FROM ${table} ORDER BY symbol, open_time`;

const DAY_ROWS = 'SELECT symbol, date, captured, quiet, stopped, repaired FROM coverage_days ORDER BY symbol, date';

describe('gold tables, kept up as minutes arrive', () => {
  let store: TestStore;

  beforeEach(async () => {
    store = new TestStore();
    await fresh();
  });

  afterEach(async () => {
    await store.dispose();
  });

  async function fresh(): Promise<void> {
    await store.dispose();
    store = new TestStore();
    const { history: ledger } = await store.open();
    for (const symbol of SYMBOLS) {
      await ledger.track({ symbol, trackedSince: TRACKED_SINCE, ledgerStart: LEDGER_START }, ORIGIN);
    }
  }

  it('should equal one ordered pass over the final minutes, in any order of arrival, batches and repeats', async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async ({ minutes, batches }) => {
        await fresh();
        for (const batch of batches) await store.take(...batch.map(candleEvent));
        const final = minutes.map(finalOf);
        expect(store.rows(ROLL_UP_ROWS('candles_1h'))).toEqual(bucketsOf(final, HOUR));
        expect(store.rows(ROLL_UP_ROWS('candles_1d'))).toEqual(bucketsOf(final, DAY));
        expect(storedLedger(store)).toEqual(ledgerOf(final));
        expect(store.rows(DAY_ROWS)).toEqual(daysOf(ledgerOf(final)));
        const changes = final.reduce((sum, { revision }) => sum + revision - 1, 0);
        expect(store.column('SELECT count(*) FROM candle_revisions')).toEqual([changes]);
        // Bronze has each capture that said something new, once.
        expect(store.linesOf('crypto_candles')).toHaveLength(final.length + changes);
      }),
      { numRuns: 40 },
    );
  });

  it('should account for stops of the exchange wherever no row comes, before the rows or after them', async () => {
    const stop = fc
      .tuple(fc.integer({ min: -5, max: 139 }), fc.integer({ min: 1, max: 60 }))
      .map(([from, length]) => ({ start: FIRST + from * MINUTE, end: FIRST + (from + length) * MINUTE }));
    await fc.assert(
      fc.asyncProperty(arrival, fc.array(fc.tuple(stop, fc.nat(10)), { maxLength: 6 }), async (given, stops) => {
        await fresh();
        const { history: ledger } = await store.reopen();
        for (const [number, batch] of given.batches.entries()) {
          for (const [range] of stops.filter(([, turn]) => turn === number)) await markStopped(range);
          await store.take(...batch.map(candleEvent));
        }
        for (const [range] of stops.filter(([, turn]) => turn >= given.batches.length)) await markStopped(range);
        const expected = ledgerOf(
          given.minutes.map(finalOf),
          stops.map(([range]) => range),
        );
        expect(storedLedger(store)).toEqual(expected);
        // A day keeps its row when nothing is left of it.
        expect(store.rows(DAY_ROWS)).toEqual(daysOf(expected));

        async function markStopped(range: TimeRange): Promise<void> {
          for (const symbol of SYMBOLS) await ledger.markStopped(symbol, [range]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('should make the day of snapshots the same in any order of arrival, with any number of sources', async () => {
    const poll = fc.record({
      instant: fc.nat(6),
      source: fc.constantFrom('a', 'b', 'c'),
      lastPrice: fc.constantFrom('1.5', '2.25', '10', '9.75'),
      volume: fc.constantFrom('1', '2', '3'),
    });
    const polls = fc.uniqueArray(poll, { minLength: 1, selector: ({ instant, source }) => `${instant} ${source}` });
    await fc.assert(
      fc.asyncProperty(polls, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), async (given, sizes) => {
        await fresh();
        const rest = given.map(({ instant, ...changes }) => priceEvent('BTCUSDT', NOON + instant, changes));
        while (rest.length > 0) await store.take(...rest.splice(0, sizes.next().value as number));
        const ordered = [...given].sort((a, b) => a.instant - b.instant || (a.source < b.source ? -1 : 1));
        const byPrice = given.map(({ lastPrice }) => lastPrice).sort(compareDecimalTexts);
        expect(store.rows('SELECT open, high, low, close, volume FROM ticker_days')).toEqual([
          {
            open: ordered[0]?.lastPrice,
            high: byPrice.at(-1),
            low: byPrice[0],
            close: ordered.at(-1)?.lastPrice,
            volume: ordered.at(-1)?.volume,
          },
        ]);
      }),
      { numRuns: 20 },
    );
  });
});
