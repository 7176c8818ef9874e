import { MemoryRows } from '@app/testing';
import { describeTable, pickColumns, textColumns } from './table';
import { asText, byKeys, inRanges } from './unit';

const TRADES = describeTable('trades', ['symbol', 'number'], {
  symbol: 'text',
  number: 'integer',
  price: 'decimal',
  quantity: 'decimal',
  isOwn: 'flag',
  seenAt: 'time?',
});

const PRICES = pickColumns(TRADES, ['number', 'symbol', 'price']);

describe('some columns of a table', () => {
  const trade = { symbol: 'BTCUSDT', number: 7, price: '1.50', quantity: '2', isOwn: true, seenAt: null };

  it('should be described as they are in the table, in the order given, under the same key', () => {
    expect(PRICES).toMatchObject({ name: 'trades', key: ['symbol', 'number'] });
    expect(PRICES.columns).toEqual([1, 0, 2].map((index) => TRADES.columns[index]));
    expect(PRICES.keyOf(trade)).toEqual(['BTCUSDT', 7]);
    expect(PRICES.valuesOf(trade)).toEqual([7, 'BTCUSDT', '1.50']);
  });

  it('should be read from the rows of the table, and nothing else of them', () => {
    const rows = new MemoryRows();
    rows.apply([{ kind: 'add', table: TRADES, rows: [trade] }]);
    const price = { symbol: 'BTCUSDT', number: 7, price: '1.50' };
    expect(
      rows.load([
        byKeys(PRICES, [['BTCUSDT', 7]]),
        inRanges(PRICES, [{ prefix: ['BTCUSDT'], from: 7 }]),
        asText(PRICES, [{ prefix: ['BTCUSDT'] }]),
      ]),
    ).toEqual([[price], [[price]], ['7 1.50']]);
  });

  it('should be fit for a text where those that are not are left out', () => {
    expect(() => textColumns(TRADES, 1)).toThrow('trades.isOwn');
    expect(textColumns(PRICES, 1).map(({ field }) => field)).toEqual(['number', 'price']);
  });

  it('should have those of the key among them', () => {
    expect(() => pickColumns(TRADES, ['symbol', 'price'])).toThrow('trades is not read without number');
  });
});
