import type { Candle } from './market';
import { rollUp } from './roll-up';

const minute = (openTime: number, prices: [string, string, string, string], tradeCount: number): Candle => ({
  openTime,
  closeTime: openTime + 59_999,
  open: prices[0],
  high: prices[1],
  low: prices[2],
  close: prices[3],
  volume: tradeCount === 0 ? '0.00000000' : '1.10000000',
  quoteVolume: tradeCount === 0 ? '0.00000000' : '2.20000000',
  tradeCount,
  takerBuyVolume: '0.00000000',
  takerBuyQuoteVolume: '0.00000000',
});

describe('rollUp', () => {
  it('should leave quiet minutes out of open, high and low', () => {
    const minutes = [
      minute(0, ['9.0', '9.0', '9.0', '9.0'], 0),
      minute(60_000, ['10.0', '12.0', '9.5', '11.0'], 3),
      minute(120_000, ['10.5', '11.0', '10.0', '10.0'], 2),
      minute(180_000, ['10.0', '10.0', '10.0', '10.0'], 0),
    ];
    expect(rollUp(minutes, 0, 299_999)).toEqual({
      openTime: 0,
      closeTime: 299_999,
      open: '10.0',
      high: '12.0',
      low: '9.5',
      close: '10.0',
      volume: '2.20000000',
      quoteVolume: '4.40000000',
      tradeCount: 5,
      takerBuyVolume: '0.00000000',
      takerBuyQuoteVolume: '0.00000000',
    });
  });

  it('should be flat without trades, and nothing without minutes', () => {
    const flat = rollUp([minute(0, ['9.0', '9.0', '9.0', '9.0'], 0)], 0, 299_999);
    expect([flat?.open, flat?.high, flat?.low, flat?.close, flat?.tradeCount]).toEqual(['9.0', '9.0', '9.0', '9.0', 0]);
    expect(rollUp([], 0, 299_999)).toBeUndefined();
  });
});
