import { DAY, type AssetsChange, type EpochMicros, type SymbolInfo } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import { KNOWN_SYMBOLS } from './known-symbols';
import { noteAssetsUnit, restoreAssetsUnit, SYMBOL_ASSETS, SYMBOL_PAIRS } from './symbol-assets';

const NAME = 'LUNAUSDT';
const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const info = (baseAsset: string, symbol = NAME, quoteAsset = 'USDT'): SymbolInfo => ({
  symbol,
  baseAsset,
  quoteAsset,
  status: 'TRADING',
});

/** What the exchange says of some of three symbols, by a clock that may have been put back. */
const answers = fc.array(
  fc.record({
    day: fc.integer({ min: 0, max: 4 }),
    symbols: fc.uniqueArray(
      fc.record({
        symbol: fc.constantFrom(NAME, 'BTCUSDT', 'ETHUSDT'),
        baseAsset: fc.constantFrom('LUNC', 'LUNA'),
        quoteAsset: fc.constantFrom('USDT', 'USDC'),
        status: fc.constantFrom('TRADING', 'BREAK'),
      }),
      { selector: ({ symbol }) => symbol },
    ),
  }),
  { maxLength: 8 },
);

describe('what symbols stand for', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const note = (now: EpochMicros, ...symbols: readonly SymbolInfo[]): readonly AssetsChange[] =>
    runUnit(rows, noteAssetsUnit(symbols, now));
  const stored = (): unknown[] =>
    rows.all(SYMBOL_ASSETS).map(({ since, baseAsset, quoteAsset }) => [since, baseAsset, quoteAsset]);

  it('should hold from the first answer on, and a change from when it was found', () => {
    expect(note(NOON, info('LUNC'))).toEqual([]);
    expect(note(NOON + DAY, { ...info('LUNC'), status: 'BREAK' })).toEqual([]);
    expect(note(NOON + 2 * DAY, info('LUNA'))).toEqual([
      {
        symbol: NAME,
        baseAsset: 'LUNA',
        quoteAsset: 'USDT',
        since: NOON + 2 * DAY,
        before: { baseAsset: 'LUNC', quoteAsset: 'USDT' },
      },
    ]);
    expect(note(NOON + 3 * DAY, info('LUNA', NAME, 'USDC'))).toHaveLength(1);
    expect(stored()).toEqual([
      [0, 'LUNC', 'USDT'],
      [NOON + 2 * DAY, 'LUNA', 'USDT'],
      [NOON + 3 * DAY, 'LUNA', 'USDC'],
    ]);
  });

  it('should be asked for once, however many symbols an answer has', () => {
    note(NOON, info('LUNC'), info('BTC', 'BTCUSDT'), info('ETH', 'ETHUSDT'));
    expect(rows.rounds).toBe(1);
  });

  it('should keep the order of the answers, whatever the clock says', () => {
    fc.assert(
      fc.property(answers, (given) => {
        rows = new MemoryRows();
        const expected = new Map<string, string[]>();
        for (const { day, symbols } of given) {
          note(NOON + day * DAY, ...symbols);
          for (const { symbol, baseAsset, quoteAsset } of symbols) {
            const pairs = expected.get(symbol) ?? [];
            expected.set(symbol, pairs);
            const pair = `${baseAsset} ${quoteAsset}`;
            if (pairs.at(-1) !== pair) pairs.push(pair);
          }
        }
        for (const symbol of [NAME, 'BTCUSDT', 'ETHUSDT']) {
          const ofSymbol = rows.all(SYMBOL_ASSETS).filter((row) => row.symbol === symbol);
          expect(ofSymbol.map(({ baseAsset, quoteAsset }) => `${baseAsset} ${quoteAsset}`)).toEqual(
            expected.get(symbol) ?? [],
          );
          expect(ofSymbol.slice(0, 1).map(({ since }) => since)).toEqual(ofSymbol.length === 0 ? [] : [0]);
        }
      }),
    );
  });

  it('should be found again in the changes that were told, where there was one', () => {
    fc.assert(
      fc.property(answers, (given) => {
        rows = new MemoryRows();
        const changes = given.flatMap(({ day, symbols }) => note(NOON + day * DAY, ...symbols));
        const changed = new Set(changes.map(({ symbol }) => symbol));
        const before = rows.all(SYMBOL_ASSETS).filter(({ symbol }) => changed.has(symbol));

        rows = new MemoryRows();
        for (const change of [...changes, ...changes]) runUnit(rows, restoreAssetsUnit(change));
        expect(rows.all(SYMBOL_ASSETS)).toEqual(before);
        const newest = new Map(changes.map(({ symbol, baseAsset, quoteAsset }) => [symbol, { baseAsset, quoteAsset }]));
        expect(rows.all(SYMBOL_PAIRS)).toEqual(
          rows.all(KNOWN_SYMBOLS).map(({ symbol }) => ({ symbol, ...newest.get(symbol) })),
        );
        expect(rows.all(KNOWN_SYMBOLS)).toHaveLength(changed.size);
      }),
    );
  });
});
