import { formatTable } from './table';

describe('formatTable', () => {
  it('should line up columns, numbers to the right, and count wide characters twice', () => {
    const rows = [
      { symbol: 'BTCUSDT', minutes: 1_440 },
      { symbol: '币安人生USDT', minutes: 7 },
    ];
    expect(
      formatTable(
        [
          { title: 'symbol', cell: ({ symbol }) => symbol },
          { title: 'minutes', cell: ({ minutes }) => String(minutes), right: true },
        ],
        rows,
      ),
    ).toEqual(['symbol        minutes', 'BTCUSDT          1440', '币安人生USDT        7']);
  });

  it('should show the heading of a table without rows', () => {
    expect(formatTable([{ title: 'symbol', cell: () => '' }], [])).toEqual(['symbol']);
  });
});
