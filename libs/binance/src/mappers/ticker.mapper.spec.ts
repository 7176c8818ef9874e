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
    ['a price of 40 digits', ticker('BTCUSDT', { lastPrice: '1'.repeat(40) })],
    ['20 decimals', ticker('BTCUSDT', { volume: `0.${'1'.repeat(20)}` })],
    ['a leading zero', ticker('BTCUSDT', { lastPrice: '068001.2' })],
    ['a change with a leading zero', ticker('BTCUSDT', { priceChangePercent: '-01.870' })],
    ['a change of nine decimals', ticker('BTCUSDT', { priceChangePercent: '1.123456789' })],
  ])('should leave out one row with %s and keep the others', (_what, row) => {
    const page = mapTickers([row, ticker('币安人生USDT')], asked);
    expect(page.rows.map(({ symbol }) => symbol)).toEqual(['币安人生USDT']);
    expect(page.dropped.map(({ reason }) => reason)).toEqual(['broken']);
  });

  it('should name the field, its value and what is allowed', () => {
    expect(mapTickers([ticker('BTCUSDT', { volume: '1E+2' })], asked).dropped).toEqual([
      {
        reason: 'broken',
        symbol: 'BTCUSDT',
        detail:
          'the ticker of BTCUSDT: volume is "1E+2", not an unsigned decimal as text, with at most 24 digits before ' +
          'and 8 behind the point and no leading zero',
      },
    ]);
  });

  it('should take a row once that is there twice', () => {
    const page = mapTickers([ticker('BTCUSDT'), ticker('BTCUSDT', { count: 77 })], asked);
    expect(page.rows.map(({ lastPrice }) => lastPrice)).toEqual(['68001.20000000']);
    expect(page.dropped).toMatchObject([{ reason: 'duplicate', symbol: 'BTCUSDT' }]);
  });

  it.each([
    ['two prices', [ticker('BTCUSDT'), ticker('BTCUSDT', { lastPrice: '1' })], 'conflicting', 'lastPrice 68001.2'],
    ['a row that cannot be read', [ticker('BTCUSDT'), ticker('BTCUSDT', { volume: null })], 'broken', 'volume is null'],
    ['one before the row', [ticker('BTCUSDT', { volume: null }), ticker('BTCUSDT')], 'broken', 'volume is null'],
  ])('should leave out a symbol with %s: nothing tells which of the two is right', (_what, both, reason, detail) => {
    const page = mapTickers([...both, ticker('币安人生USDT')], asked);
    expect(page.rows.map(({ symbol }) => symbol)).toEqual(['币安人生USDT']);
    expect(page.dropped).toMatchObject([
      { reason, symbol: 'BTCUSDT', detail: expect.stringContaining(detail) as string },
    ]);
  });

  it.each([[null], ['text'], [7], [{ code: -1003 }]])('should refuse %j as an answer', (body) => {
    expect(() => mapTickers(body, asked)).toThrow('ticker/24hr without rows');
  });
});
