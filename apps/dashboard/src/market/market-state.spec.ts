import { marketOf, matching, withPrices } from './market-state';

const SYMBOLS = [
  { symbol: 'BTCUSDT', status: 'TRADING', coverage_pct: '100.00' },
  { symbol: 'OLDUSDT', status: 'BREAK', coverage_pct: '99.00' },
];
const LATEST = [
  {
    symbol: 'BTCUSDT',
    timestamp_utc: '2026-01-15T14:03:22.913852+00:00',
    last_price: '68001.20',
    price_change_percent: '1.870',
  },
];

describe('the market on the page', () => {
  it('should show every symbol, with the digits of its price as they came', () => {
    const market = marketOf(SYMBOLS, LATEST);
    expect(market.get('BTCUSDT')).toMatchObject({ price: '68001.20', change: '1.870' });
    expect(market.get('OLDUSDT')).toMatchObject({ status: 'BREAK', price: undefined, at: undefined });
  });

  it('should take newer prices and leave older ones, which a spool may bring late', () => {
    const event = (time: string, lastPrice: string) => ({
      symbol: 'BTCUSDT',
      timestamp_utc: time,
      lastPrice,
      priceChangePercent: '2.000',
    });
    const market = marketOf(SYMBOLS, LATEST);
    const newer = withPrices(market, [event('2026-01-15T14:04:22.913852+00:00', '68002.00')]);
    expect(newer.get('BTCUSDT')?.price).toBe('68002.00');
    const late = withPrices(newer, [event('2026-01-15T14:03:52.913852+00:00', '1.00')]);
    expect(late.get('BTCUSDT')?.price).toBe('68002.00');
    expect(market.get('BTCUSDT')?.price).toBe('68001.20');
  });

  it('should find symbols by a part of their name', () => {
    const market = marketOf(SYMBOLS, LATEST);
    expect(matching(market, ' btc').map(({ symbol }) => symbol)).toEqual(['BTCUSDT']);
    expect(matching(market, '')).toHaveLength(2);
    expect(matching(market, 'xyz')).toEqual([]);
  });
});
