import { mapSymbols } from './symbol.mapper';

const info = (symbol: string, changes: object = {}): object => ({
  symbol,
  status: 'TRADING',
  baseAsset: symbol.slice(0, -4),
  quoteAsset: 'USDT',
  filters: [],
  ...changes,
});

describe('mapSymbols', () => {
  it('should pick the symbols asked for and take any status', () => {
    const body = {
      symbols: [info('BTCUSDT'), info('ETHUSDT'), info('币安人生USDT', { status: 'STATUS_OF_TOMORROW' })],
    };
    expect(mapSymbols(body, new Set(['币安人生USDT', 'BTCUSDT'])).rows).toEqual([
      { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' },
      { symbol: '币安人生USDT', baseAsset: '币安人生', quoteAsset: 'USDT', status: 'STATUS_OF_TOMORROW' },
    ]);
  });

  it('should leave out a row that cannot be read', () => {
    const body = { symbols: [info('BTCUSDT', { status: 3 }), null, info('ETHUSDT'), info('ETHUSDT')] };
    const page = mapSymbols(body, new Set(['BTCUSDT', 'ETHUSDT']));
    expect(page.rows.map(({ symbol }) => symbol)).toEqual(['ETHUSDT']);
    expect(page.dropped.map(({ reason }) => reason)).toEqual(['broken', 'broken', 'duplicate']);
  });

  it.each([[null], [[]], [{}], [{ symbols: {} }]])('should refuse %j as an answer', (body) => {
    expect(() => mapSymbols(body, new Set(['BTCUSDT']))).toThrow('exchangeInfo without a list of symbols');
  });
});
