import { mapTickers } from './ticker.mapper';

const ticker = (symbol: string, changes: object = {}): object => ({
  symbol,
  lastPrice: '68001.20000000',
  priceChangePercent: '-1.870',
  volume: '24567.12300000',
  count: 76,
  keyOfTomorrow: { nested: [] },
  ...changes,
});
const asked = new Set(['BTCUSDT', '币安人生USDT']);

describe('mapTickers', () => {
  it("should keep the exchange's own text and pass over what was not asked for", () => {
    expect(mapTickers([ticker('币安人生USDT'), ticker('ETHUSDT'), ticker('BTCUSDT')], asked)).toEqual({
      rows: [
        { symbol: '币安人生USDT', lastPrice: '68001.20000000', priceChangePercent: '-1.870', volume: '24567.12300000' },
        { symbol: 'BTCUSDT', lastPrice: '68001.20000000', priceChangePercent: '-1.870', volume: '24567.12300000' },
      ],
      dropped: [],
    });
  });

  it('should understand a single row without its list', () => {
    expect(mapTickers(ticker('BTCUSDT'), asked).rows).toHaveLength(1);
  });

  it.each([
    ['a price as a number', ticker('BTCUSDT', { lastPrice: 68001.2 })],
    ['a price with an exponent', ticker('BTCUSDT', { lastPrice: '6.8e4' })],
    ['a negative price', ticker('BTCUSDT', { lastPrice: '-1' })],
    ['no volume', ticker('BTCUSDT', { volume: undefined })],
    ['an empty change', ticker('BTCUSDT', { priceChangePercent: '' })],
    ['no symbol', ticker('BTCUSDT', { symbol: 7 })],
    ['null', null],
  ])('should leave out one row with %s and keep the others', (_what, row) => {
    const page = mapTickers([row, ticker('币安人生USDT')], asked);
    expect(page.rows.map(({ symbol }) => symbol)).toEqual(['币安人生USDT']);
    expect(page.dropped.map(({ reason }) => reason)).toEqual(['malformed']);
  });

  it('should take the first of two rows of a symbol', () => {
    const page = mapTickers([ticker('BTCUSDT'), ticker('BTCUSDT', { lastPrice: '1' })], asked);
    expect(page.rows.map(({ lastPrice }) => lastPrice)).toEqual(['68001.20000000']);
    expect(page.dropped).toMatchObject([{ reason: 'duplicate', symbol: 'BTCUSDT' }]);
  });

  it.each([[null], ['text'], [7], [{ code: -1003 }]])('should refuse %j as an answer', (body) => {
    expect(() => mapTickers(body, asked)).toThrow('ticker/24hr without rows');
  });
});
