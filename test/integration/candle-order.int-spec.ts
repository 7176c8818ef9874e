import {
  addDecimalTexts,
  compareDecimalTexts,
  DAY,
  floorTo,
  HOUR,
  MINUTE,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { capture, MIDNIGHT } from '../support/captures';
import { TABLES, withCandleStore, type Row, type Tables } from '../support/candle-store';

interface Offer {
  readonly captures: MinuteCandle[];
  readonly batches: MinuteCandle[][];
}

/** The captures in some order, each three times, cut into batches. */
const offerOf = (captures: fc.Arbitrary<MinuteCandle[]>): fc.Arbitrary<Offer> =>
  captures.chain((chosen) =>
    fc.record({
      captures: fc.constant(chosen),
      batches: fc
        .record({
          order: fc.shuffledSubarray([...chosen, ...chosen, ...chosen], {
            minLength: chosen.length * 3,
            maxLength: chosen.length * 3,
          }),
          cuts: fc.array(fc.nat({ max: chosen.length * 3 }), { maxLength: 6 }),
        })
        .map(({ order, cuts }) => {
          const bounds = [0, ...cuts.sort((a, b) => a - b), order.length];
          return bounds.slice(1).map((end, index) => order.slice(bounds[index], end));
        }),
    }),
  );

const LENGTH = { minLength: 1, maxLength: 24 };
const offered = offerOf(fc.array(capture, LENGTH));
/** Without captures of one instant that differ in their text alone: to a hash of the numbers these are the same. */
const offeredByNumbers = offerOf(
  fc.uniqueArray(capture, {
    ...LENGTH,
    selector: ({ symbol, openTime, capturedAt, high, volume, tradeCount }) =>
      [symbol, openTime, capturedAt, Number(high), Number(volume), tradeCount].join(' '),
  }),
);

const NUMBER_FIELDS = [
  ['open', 'open'],
  ['high', 'high'],
  ['low', 'low'],
  ['close', 'close'],
  ['volume', 'volume'],
  ['quoteVolume', 'quote_volume'],
  ['takerBuyVolume', 'taker_buy_volume'],
  ['takerBuyQuoteVolume', 'taker_buy_quote_volume'],
] as const;

const sameNumbers = (a: MinuteCandle, b: MinuteCandle): boolean =>
  a.tradeCount === b.tradeCount && NUMBER_FIELDS.every(([field]) => compareDecimalTexts(a[field], b[field]) === 0);

/** How captures of one minute follow each other, written down once more: by instant, trades, numbers, text. */
function byCapture(a: MinuteCandle, b: MinuteCandle): number {
  const fields = [
    'volume',
    'quoteVolume',
    'takerBuyVolume',
    'takerBuyQuoteVolume',
    'high',
    'low',
    'open',
    'close',
  ] as const;
  const texts = (candle: MinuteCandle): string[] => [...fields.map((field) => candle[field]), candle.source];
  const [left, right] = [texts(a), texts(b)];
  const differing = left.findIndex((text, index) => text !== right[index]);
  const text = differing < 0 ? 0 : (left[differing] ?? '') < (right[differing] ?? '') ? -1 : 1;
  return (
    a.capturedAt - b.capturedAt ||
    a.tradeCount - b.tradeCount ||
    fields.map((field) => compareDecimalTexts(a[field], b[field])).find((order) => order !== 0) ||
    text
  );
}

function rowOf(candle: MinuteCandle, revision: number): Row {
  return {
    symbol: candle.symbol,
    open_time: candle.openTime,
    ...Object.fromEntries(NUMBER_FIELDS.map(([field, column]) => [column, candle[field]])),
    trade_count: candle.tradeCount,
    captured_at: candle.capturedAt,
    revision,
    close_time: candle.closeTime,
    source: candle.source,
  };
}

function groups<T>(items: readonly T[], key: (item: T) => string | number): T[][] {
  const found = new Map<string | number, T[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return [...found.values()];
}

const larger = (a: string, b: string): string => (compareDecimalTexts(a, b) >= 0 ? a : b);
const smaller = (a: string, b: string): string => (compareDecimalTexts(a, b) <= 0 ? a : b);

/** Everything that the tables should hold, from the set of captures alone and without any cleverness. */
function modelOf(captures: readonly MinuteCandle[]): Tables {
  const tables: Tables = Object.fromEntries(Object.keys(TABLES).map((name) => [name, []]));
  const put = (table: string, row: Row): void => void tables[table]?.push(row);
  for (const ofSymbol of groups(captures, ({ symbol }) => symbol)) {
    const symbol = ofSymbol[0]!.symbol;
    const trackedSince = Math.min(...ofSymbol.map(({ capturedAt }) => capturedAt));
    const current: { candle: MinuteCandle; revision: number; first: EpochMicros }[] = [];
    for (const ofMinute of groups(ofSymbol, ({ openTime }) => openTime)) {
      const versions: MinuteCandle[] = [];
      let before: MinuteCandle | undefined;
      for (const candle of ofMinute.sort(byCapture)) {
        if (!before || !sameNumbers(before, candle)) versions.push(candle);
        before = candle;
      }
      for (const [index, version] of versions.entries()) {
        const next = versions[index + 1];
        const row = rowOf(version, index + 1);
        if (next) put('candle_revisions', { ...row, superseded_at: next.capturedAt });
        else current.push({ candle: version, revision: index + 1, first: versions[0]!.capturedAt });
      }
    }
    current.sort((a, b) => a.candle.openTime - b.candle.openTime);
    for (const { candle, revision } of current) put('candles_1m', rowOf(candle, revision));

    for (const [table, length] of [
      ['candles_1h', HOUR],
      ['candles_1d', DAY],
    ] as const) {
      for (const bucket of groups(current, ({ candle }) => floorTo(candle.openTime, length))) {
        const candles = bucket.map(({ candle }) => candle);
        const traded = candles.filter(({ tradeCount }) => tradeCount > 0);
        const last = candles.at(-1)!;
        const priced = traded.length > 0 ? traded : [{ ...last, open: last.close, high: last.close, low: last.close }];
        const sum = (field: 'volume' | 'quoteVolume' | 'takerBuyVolume' | 'takerBuyQuoteVolume'): string =>
          candles.map((candle) => candle[field]).reduce(addDecimalTexts);
        put(table, {
          symbol,
          open_time: floorTo(last.openTime, length),
          open: priced[0]!.open,
          high: priced.map(({ high }) => high).reduce(larger),
          low: priced.map(({ low }) => low).reduce(smaller),
          close: last.close,
          volume: sum('volume'),
          quote_volume: sum('quoteVolume'),
          trade_count: candles.reduce((total, { tradeCount }) => total + tradeCount, 0),
          taker_buy_volume: sum('takerBuyVolume'),
          taker_buy_quote_volume: sum('takerBuyQuoteVolume'),
          captured_at: Math.max(...candles.map(({ capturedAt }) => capturedAt)),
          revision: 1 + bucket.reduce((total, { revision }) => total + revision - 1, 0),
          minutes: new Set(candles.map(({ openTime }) => floorTo(openTime, MINUTE))).size,
          first_traded_minute: traded[0]?.openTime ?? null,
          last_minute: last.openTime,
        });
      }
    }

    const minutes = groups(current, ({ candle }) => floorTo(candle.openTime, MINUTE)).map((candles) => {
      const start = floorTo(candles[0]!.candle.openTime, MINUTE);
      const first = Math.min(...candles.map((candle) => candle.first));
      const end = start + MINUTE;
      return {
        start,
        state: candles.some(({ candle }) => candle.tradeCount > 0) ? 'captured' : 'quiet',
        repaired: end > trackedSince && first > end + 10 * MINUTE ? 1 : 0,
      };
    });
    const runs: { symbol: string; start_time: number; end_time: number; state: string; repaired: number }[] = [];
    for (const { start, state, repaired } of minutes) {
      const last = runs.at(-1);
      if (last?.end_time === start && last.state === state && last.repaired === repaired) last.end_time += MINUTE;
      else runs.push({ symbol, start_time: start, end_time: start + MINUTE, state, repaired });
    }
    for (const run of runs) put('coverage', run);
    for (const day of groups(minutes, ({ start }) => floorTo(start, DAY))) {
      const date = floorTo(day[0]!.start, DAY);
      const count = (keep: (minute: (typeof day)[number]) => boolean): number => day.filter(keep).length;
      put('coverage_days', {
        symbol,
        date,
        captured: count(({ state }) => state === 'captured'),
        quiet: count(({ state }) => state === 'quiet'),
        stopped: 0,
        repaired: count(({ repaired }) => repaired === 1),
        changed_at: tables['candles_1d']?.find((row) => row['symbol'] === symbol && row['open_time'] === date)?.[
          'captured_at'
        ],
        stopped_at: null,
      });
    }
    put('symbols', {
      symbol,
      base_asset: null,
      quote_asset: null,
      status: 'UNKNOWN',
      tracked_since: null,
      ledger_floor: null,
      reach_checked: 0,
      ledger_start: minutes[0]!.start,
      first_captured_at: trackedSince,
      first_minute: null,
      backfill_planned: 0,
    });
  }
  const keys = Object.entries(TABLES).map(([table, order]) => [table, order.split(', ')] as const);
  for (const [table, key] of keys) {
    tables[table]?.sort((a, b) => {
      const column = key.find((name) => a[name] !== b[name]);
      return column === undefined ? 0 : a[column]! < b[column]! ? -1 : 1;
    });
  }
  return tables;
}

const RUNS = { numRuns: 80 };

describe('candles in any order of arrival', () => {
  it('should leave the tables that one ordered pass leaves', async () => {
    await fc.assert(
      fc.asyncProperty(offered, ({ captures }) =>
        withCandleStore(async (store) => {
          await store.take([...captures].sort(byCapture));
          expect(store.tables()).toEqual(modelOf(captures));
        }),
      ),
      RUNS,
    );
  });

  it('should leave the same tables whatever the order, the repeats and the batches', async () => {
    await fc.assert(
      fc.asyncProperty(offered, ({ captures, batches }) =>
        withCandleStore(async (store) => {
          for (const batch of batches) await store.take(batch);
          expect(store.tables()).toEqual(modelOf(captures));
        }),
      ),
      RUNS,
    );
  });

  it('should leave the metrics and repeats that one ordered pass leaves', async () => {
    await fc.assert(
      fc.asyncProperty(offered, ({ captures, batches }) =>
        withCandleStore((ordered) =>
          withCandleStore(async (store) => {
            await ordered.take([...captures].sort(byCapture));
            for (const batch of batches) await store.take(batch);
            for (const table of ['daily_metrics', 'candle_repeats'] as const) {
              expect(store.rowsOf(table)).toEqual(ordered.rowsOf(table));
            }
          }),
        ),
      ),
      { numRuns: 25 },
    );
  });

  it('should leave the same tables when the process ends between batches, and when the database is made anew of bronze', async () => {
    await fc.assert(
      fc.asyncProperty(offered, ({ captures, batches }) =>
        withCandleStore(async (store) => {
          for (const batch of batches) {
            await store.take(batch);
            await store.close();
          }
          const repeats = store.rowsOf('candle_repeats');
          await store.recover();
          expect(store.rowsOf('candle_repeats')).toEqual(repeats);
          expect(store.tables()).toEqual(modelOf(captures));
        }),
      ),
      { numRuns: 25 },
    );
  });

  it('should leave lines of which the same tables are made when no rows are written', async () => {
    await fc.assert(
      fc.asyncProperty(offeredByNumbers, ({ captures, batches }) =>
        withCandleStore(async (store) => {
          await store.takeWithoutRows(batches);
          await store.recover();
          expect(store.tables()).toEqual(modelOf(captures));
          await withCandleStore(async (ordered) => {
            await ordered.take([...captures].sort(byCapture));
            expect(store.rowsOf('candle_repeats')).toEqual(ordered.rowsOf('candle_repeats'));
          });
        }),
      ),
      { numRuns: 25 },
    );
  });

  it('should write down without rows what a later capture of the same instant shows to be no repeat', async () => {
    const first = buildMinute('BTCUSDT', MIDNIGHT, { capturedAt: MIDNIGHT + MINUTE });
    const again = { ...first, capturedAt: MIDNIGHT + 2 * MINUTE };
    const between = { ...again, close: '11.0', high: '2000', tradeCount: 0 };
    await withCandleStore(async (store) => {
      await store.takeWithoutRows([[first], [again], [between]]);
      await store.recover();
      expect(store.tables()).toEqual(modelOf([first, again, between]));
    });
  });
});
