import { DELISTED, type SymbolInfo } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { KNOWN_SYMBOLS } from './known-symbols';
import {
  delistUnit,
  describeSymbolsUnit,
  FIRST_MINUTES,
  firstMinuteOf,
  notedFirstMinute,
  SYMBOL_INFOS,
  symbolStatuses,
} from './symbol-list';

const NAMES = ['BTCUSDT', 'ETHUSDT', '币安人生USDT'];

const info = fc.record({
  symbol: fc.constantFrom(...NAMES),
  baseAsset: fc.constantFrom('BTC', 'ETH'),
  quoteAsset: fc.constantFrom('USDT', 'EUR'),
  status: fc.constantFrom('TRADING', 'BREAK', DELISTED),
});

describe('the list of symbols', () => {
  it('should have what the exchange said last of each, and tell which have changed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(info, { maxLength: 5 }), { maxLength: 4 }), (answers) => {
        const rows = new MemoryRows();
        const known = new Map<string, string>();
        for (const answer of answers) {
          const last = new Map(answer.map((one) => [one.symbol, JSON.stringify(one)]));
          const changed = [...last].filter(([symbol, text]) => known.get(symbol) !== text).map(([symbol]) => symbol);
          expect(runUnit(rows, describeSymbolsUnit(answer))).toEqual(changed);
          for (const [symbol, text] of last) known.set(symbol, text);
        }
        expect(new Map(rows.all(SYMBOL_INFOS).map((row) => [row.symbol, row]))).toEqual(
          new Map([...known].map(([symbol, text]) => [symbol, JSON.parse(text) as SymbolInfo])),
        );
      }),
    );
  });

  it('should note once of known symbols that they are delisted, and know no others by that', () => {
    fc.assert(
      fc.property(fc.array(info, { maxLength: 3 }), fc.array(fc.constantFrom(...NAMES)), (described, names) => {
        const rows = new MemoryRows();
        runUnit(rows, describeSymbolsUnit(described));
        const before = rows.all(SYMBOL_INFOS);
        const delisted = runUnit(rows, delistUnit(names));
        const listed = before.filter(({ symbol, status }) => names.includes(symbol) && status !== DELISTED);
        expect([...delisted].sort()).toEqual(listed.map(({ symbol }) => symbol).sort());
        expect(rows.all(SYMBOL_INFOS)).toEqual(
          before.map((row) => (names.includes(row.symbol) ? { ...row, status: DELISTED } : row)),
        );
        expect(runUnit(rows, delistUnit(names))).toEqual([]);
      }),
    );
  });

  it('should be in the order of code points, with symbols that the exchange has not described', () => {
    const rows = new MemoryRows();
    // By code units the second would come before the first.
    const symbols = ['\u{ff5e}USDT', '\u{1f600}USDT'];
    rows.apply([{ kind: 'ensure', table: KNOWN_SYMBOLS, rows: [...symbols].reverse().map((symbol) => ({ symbol })) }]);
    runUnit(rows, describeSymbolsUnit([{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'BREAK' }]));
    const listed = runUnit(rows, findOnly(symbolStatuses()));
    expect(listed.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', ...symbols]);
    expect(listed[0]).toEqual({ symbol: 'BTCUSDT', status: 'BREAK' });
  });

  it('should know where the exchange has the history of a symbol begin, as it said last', () => {
    const rows = new MemoryRows();
    const first = (): number | undefined => runUnit(rows, findOnly(firstMinuteOf('BTCUSDT')));
    expect(first()).toBeUndefined();
    runUnit(rows, describeSymbolsUnit([{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'BREAK' }]));
    expect(first()).toBeUndefined();
    for (const minute of [7, 5]) {
      rows.apply([notedFirstMinute('BTCUSDT', minute)]);
      expect(first()).toBe(minute);
    }
    expect(rows.all(FIRST_MINUTES)).toHaveLength(1);
    expect(rows.all(SYMBOL_INFOS)).toMatchObject([{ symbol: 'BTCUSDT', status: 'BREAK' }]);
  });
});
