import { marketOf, type Market, matching, withPrices } from './market-state';

const SYMBOLS = [
  { symbol: 'BTCUSDT', status: 'TRADING', first_date: '2025-10-17', coverage_pct: '100.00' },
  { symbol: 'OLDUSDT', status: 'BREAK', first_date: null, coverage_pct: '99.00' },
];
const LATEST = [
  {
    symbol: 'BTCUSDT',
    timestamp_utc: '2026-01-15T14:03:22.913852+00:00',
    last_price: '68001.20',
    price_change_percent: '1.870',
  },
];

const event = (time: string, lastPrice: string) => ({
  symbol: 'BTCUSDT',
  timestamp_utc: time,
  lastPrice,
  priceChangePercent: '2.000',
});
const NOTHING: Market = new Map();

describe('the market on the page', () => {
  it('should show every symbol, with the digits of its price as they came', () => {
    const market = marketOf(NOTHING, SYMBOLS, LATEST);
    expect(market.get('BTCUSDT')).toMatchObject({ price: '68001.20', change: '1.870' });
    expect(market.get('OLDUSDT')).toMatchObject({ status: 'BREAK', price: undefined, at: undefined });
  });

  it('should take newer prices and leave older ones, which a spool may bring late', () => {
    const market = marketOf(NOTHING, SYMBOLS, LATEST);
    const newer = withPrices(market, [event('2026-01-15T14:04:22.913852+00:00', '68002.00')]);
    expect(newer.get('BTCUSDT')?.price).toBe('68002.00');
    const late = withPrices(newer, [event('2026-01-15T14:03:52.913852+00:00', '1.00')]);
    expect(late.get('BTCUSDT')?.price).toBe('68002.00');
    expect(market.get('BTCUSDT')?.price).toBe('68001.20');
  });

  it('should keep what the stream brought when the symbols are read again, and take what is newer', () => {
    const streamed = withPrices(NOTHING, [event('2026-01-15T14:04:22.913852+00:00', '68002.00')]);
    expect(streamed.get('BTCUSDT')).toMatchObject({ status: undefined, price: '68002.00' });
    const read = marketOf(streamed, SYMBOLS, LATEST);
    expect(read.get('BTCUSDT')).toMatchObject({ status: 'TRADING', since: '2025-10-17', price: '68002.00' });
    const behind = withPrices(NOTHING, [event('2026-01-15T14:00:00.000000+00:00', '1.00')]);
    expect(marketOf(behind, SYMBOLS, LATEST).get('BTCUSDT')?.price).toBe('68001.20');
    expect(marketOf(streamed, SYMBOLS, []).get('BTCUSDT')?.price).toBe('68002.00');
  });

  it('should know when a price became another one', () => {
    const first = withPrices(marketOf(NOTHING, SYMBOLS, LATEST), [event('2026-01-15T14:04:00Z', '68001.20')]);
    expect(first.get('BTCUSDT')?.changedAt).toBeUndefined();
    const moved = withPrices(first, [event('2026-01-15T14:05:00Z', '68001.30')]);
    expect(moved.get('BTCUSDT')?.changedAt).toBe(Date.parse('2026-01-15T14:05:00Z'));
    const still = withPrices(moved, [event('2026-01-15T14:06:00Z', '68001.30')]);
    expect(still.get('BTCUSDT')?.changedAt).toBe(Date.parse('2026-01-15T14:05:00Z'));
  });

  it('should find symbols by a part of their name', () => {
    const market = marketOf(NOTHING, SYMBOLS, LATEST);
    expect(matching(market, ' btc').map(({ symbol }) => symbol)).toEqual(['BTCUSDT']);
    expect(matching(market, '')).toHaveLength(2);
    expect(matching(market, 'xyz')).toEqual([]);
  });
});
