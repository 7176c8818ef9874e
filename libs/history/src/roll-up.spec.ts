import { addDecimalTexts, compareDecimalTexts, MINUTE } from '@app/domain';
import fc from 'fast-check';
import { mergeRollUps, rollUpMinutes, type RollUp, type RollUpMinute } from './roll-up';

const T = Date.UTC(2026, 0, 15) * 1_000;

const price = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 3 }))
  .map(([units, scale]) => (scale === 0 ? String(units) : `${units}.${'5'.padEnd(scale, '0')}`));

/** A minute with trades in the shape of the exchange's, at an offset. */
const traded = fc.record({
  prices: fc.array(price, { minLength: 4, maxLength: 4 }),
  volume: price,
  tradeCount: fc.integer({ min: 1, max: 50 }),
});

/** Minutes in ascending order; some quiet (flat at the previous close), some absent. */
const minutes = fc
  .array(fc.oneof({ weight: 3, arbitrary: traded }, fc.constantFrom('quiet' as const, 'absent' as const)), {
    minLength: 1,
    maxLength: 30,
  })
  .map((slots) => {
    let close = '100';
    return slots.flatMap((slot, index): RollUpMinute[] => {
      if (slot === 'absent') return [];
      const common = { openTime: T + index * MINUTE, capturedAt: T + index * 7, revision: 1 + (index % 3) };
      if (slot === 'quiet') {
        const zero = { volume: '0.000', quoteVolume: '0', takerBuyVolume: '0', takerBuyQuoteVolume: '0.00' };
        return [{ ...common, ...zero, open: close, high: close, low: close, close, tradeCount: 0 }];
      }
      const [open = '', last = ''] = slot.prices;
      const sorted = [...slot.prices].sort(compareDecimalTexts);
      close = last;
      return [
        {
          ...common,
          open,
          high: sorted[3] ?? '',
          low: sorted[0] ?? '',
          close,
          volume: slot.volume,
          quoteVolume: slot.volume,
          tradeCount: slot.tradeCount,
          takerBuyVolume: slot.volume,
          takerBuyQuoteVolume: slot.volume,
        },
      ];
    });
  })
  .filter((row) => row.length > 0);

/** The rule in plain words: prices of the minutes with trades, the last close, sums of all. */
function naive(row: readonly RollUpMinute[]): RollUp {
  const last = row[row.length - 1]!;
  const withTrades = row.filter(({ tradeCount }) => tradeCount > 0);
  const sum = (of: (minute: RollUpMinute) => string): string => row.map(of).reduce(addDecimalTexts);
  const highs = withTrades.map(({ high }) => high).sort(compareDecimalTexts);
  const lows = withTrades.map(({ low }) => low).sort(compareDecimalTexts);
  return {
    open: withTrades[0]?.open ?? last.close,
    high: highs.find((high) => compareDecimalTexts(high, highs.at(-1)!) === 0) ?? last.close,
    low: lows[0] ?? last.close,
    close: last.close,
    volume: sum(({ volume }) => volume),
    quoteVolume: sum(({ quoteVolume }) => quoteVolume),
    tradeCount: row.reduce((total, { tradeCount }) => total + tradeCount, 0),
    takerBuyVolume: sum(({ takerBuyVolume }) => takerBuyVolume),
    takerBuyQuoteVolume: sum(({ takerBuyQuoteVolume }) => takerBuyQuoteVolume),
    minutes: row.length,
    firstTradedMinute: withTrades[0]?.openTime ?? null,
    lastMinute: last.openTime,
    capturedAt: Math.max(...row.map(({ capturedAt }) => capturedAt)),
    revision: 1 + row.reduce((total, { revision = 1 }) => total + revision - 1, 0),
  };
}

/** Cuts a list into consecutive parts, the way a random tree of merges would. */
function mergeAsTree(row: readonly RollUpMinute[], random: () => number): RollUp {
  if (row.length === 1) return rollUpMinutes(row)!;
  const cut = 1 + (random() % (row.length - 1));
  return mergeRollUps([mergeAsTree(row.slice(0, cut), random), mergeAsTree(row.slice(cut), random)])!;
}

describe('roll-up', () => {
  it('should equal the rule in plain words', () => {
    fc.assert(
      fc.property(minutes, (row) => {
        expect(rollUpMinutes(row)).toEqual(naive(row));
      }),
    );
  });

  it('should be the same however the minutes are grouped on the way', () => {
    fc.assert(
      fc.property(minutes, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (row, cuts) => {
        let position = 0;
        const random = (): number => cuts[position++ % cuts.length] ?? 0;
        expect(mergeAsTree(row, random)).toEqual(rollUpMinutes(row));
      }),
    );
  });

  it('should be the same whether roll-ups are merged one after the other or in one go', () => {
    fc.assert(
      fc.property(minutes, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (row, cuts) => {
        const parts: RollUp[] = [];
        for (let start = 0, turn = 0; start < row.length; turn += 1) {
          const end = start + 1 + ((cuts[turn % cuts.length] ?? 0) % 4);
          parts.push(...[rollUpMinutes(row.slice(start, end))].filter((part) => part !== undefined));
          start = end;
        }
        expect(mergeRollUps(parts)).toEqual(rollUpMinutes(row));
      }),
    );
    expect(mergeRollUps([])).toBeUndefined();
  });

  it('should leave minutes without trades out of open, high and low, and keep the last close', () => {
    const minute = (index: number, prices: string, tradeCount: number): RollUpMinute => {
      const [open = '', high = '', low = '', close = ''] = prices.split(' ');
      const volume = tradeCount > 0 ? '1.50' : '0.000';
      const volumes = { volume, quoteVolume: volume, takerBuyVolume: volume, takerBuyQuoteVolume: volume };
      return {
        openTime: T + index * MINUTE,
        capturedAt: T,
        revision: 1,
        open,
        high,
        low,
        close,
        tradeCount,
        ...volumes,
      };
    };
    const quietFirst = [minute(0, '9 9 9 9', 0), minute(1, '5 7 4 6', 3), minute(2, '6 6 6 6', 0)];
    expect(rollUpMinutes(quietFirst)).toMatchObject({
      open: '5',
      high: '7',
      low: '4',
      close: '6',
      volume: '1.500',
      tradeCount: 3,
      minutes: 3,
      firstTradedMinute: T + MINUTE,
    });
    expect(rollUpMinutes([minute(0, '9 9 9 9', 0), minute(1, '9 9 9 9', 0)])).toMatchObject({
      open: '9',
      high: '9',
      low: '9',
      close: '9',
      volume: '0.000',
      tradeCount: 0,
      firstTradedMinute: null,
    });
  });

  it('should give nothing for no minutes: none is invented', () => {
    expect(rollUpMinutes([])).toBeUndefined();
  });
});
