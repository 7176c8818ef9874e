import fc from 'fast-check';
import { MINUTE } from '../time';
import type { CandleChange, PriceChange, RangeChange } from './change';
import { packChange, unpackChange } from './change-bytes';

const symbol = fc.oneof(
  fc.constantFrom('BTCUSDT', 'ETHUSDT'),
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.string({ minLength: 60, maxLength: 70 }),
);
const time = fc.integer({ min: 0, max: 4e15 });

const price: fc.Arbitrary<PriceChange> = fc.record({
  symbol,
  timestamp: time,
  source: fc.constantFrom('binance_api_v3_ticker_24hr', 'another'),
});
const candle: fc.Arbitrary<CandleChange> = fc.record({
  symbol,
  openTime: time,
  revision: fc.integer({ min: 1, max: 1_000 }),
});
const range: fc.Arbitrary<RangeChange> = fc
  .record({ symbol, start: time, length: fc.integer({ min: 0, max: 1e14 }), count: fc.nat() })
  .map(({ length, ...rest }) => ({ ...rest, end: rest.start + length }));

describe('packChange', () => {
  it('should bring every change back from its bytes', () => {
    fc.assert(
      fc.property(fc.array(price), fc.array(candle), fc.array(range), (prices, candles, ranges) => {
        for (const change of [
          { kind: 'prices', items: prices },
          { kind: 'candles', items: candles },
          { kind: 'history', items: ranges },
        ] as const) {
          expect(unpackChange(change.kind, packChange(change))).toEqual(change);
        }
      }),
    );
  });

  it('should take about ten bytes for each event of a poll, and fewer for minutes of one symbol', () => {
    const symbols = Array.from({ length: 50 }, (_, index) => `COIN${index}USDT`);
    const timestamp = Date.UTC(2026, 0, 15) * 1_000;
    const poll = packChange({
      kind: 'prices',
      items: symbols.map((name) => ({ symbol: name, timestamp, source: 'binance_api_v3_ticker_24hr' })),
    });
    expect(poll.length / symbols.length).toBeLessThan(14);
    const minutes = packChange({
      kind: 'candles',
      items: Array.from({ length: 1_000 }, (_, index) => ({
        symbol: 'BTCUSDT',
        openTime: timestamp + index * MINUTE,
        revision: 1,
      })),
    });
    expect(minutes.length / 1_000).toBeLessThan(5);
  });

  it('should refuse bytes that end within an item', () => {
    const bytes = packChange({ kind: 'candles', items: [{ symbol: 'BTCUSDT', openTime: 60_000_000, revision: 1 }] });
    for (let end = 1; end < bytes.length; end += 1) {
      expect(() => unpackChange('candles', bytes.subarray(0, end))).toThrow(RangeError);
    }
  });
});
