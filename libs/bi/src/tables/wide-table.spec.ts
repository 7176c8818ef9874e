import { DAY, type DailyBar } from '@app/domain';
import { csvLines } from './csv-lines';
import { encodeCsv, withColumns } from './csv-table';
import { DAILY_OHLC, DAILY_VOLUME, LATEST_PRICES } from './tables';
import { wideTable } from './wide-table';

const bar = (day: number, symbol: string, close: string): DailyBar => ({
  date: day * DAY,
  symbol,
  open: '1.0',
  high: '2.0',
  low: '0.5',
  close,
  volume: '10.0',
  quoteVolume: null,
  tradeCount: 7,
  isFinal: true,
  source: 'kline',
  changedAt: 0,
});

const ROWS = [bar(0, 'A', '1.10'), bar(0, 'B', '2.20'), bar(1, 'B', '3.30'), bar(3, 'A', '4.40')];

describe('wideTable', () => {
  const written = (column: string, symbols: readonly string[]): string => {
    const { columns, rows } = wideTable(DAILY_OHLC, column, symbols);
    const { head, line } = csvLines(columns);
    return head + rows(ROWS).map(line).join('');
  };

  it('should have a row for each time and a column for each symbol, empty where there is no row', () => {
    expect(written('close', ['A', 'B'])).toBe(
      'date,A,B\r\n1970-01-01,1.10,2.20\r\n1970-01-02,,3.30\r\n1970-01-04,4.40,\r\n',
    );
  });

  it('should have the columns in the order asked for, those without any row too', () => {
    expect(written('high', ['C', 'B', 'A'])).toBe(
      'date,C,B,A\r\n1970-01-01,,2.0,2.0\r\n1970-01-02,,2.0,\r\n1970-01-04,,,2.0\r\n',
    );
  });

  it('should leave a cell empty whose row has nothing to tell, and mark decimals', () => {
    const style = { separator: ';', decimal: ',', hasByteOrderMark: false } as const;
    const line = (column: string): string[] => {
      const { columns, rows } = wideTable(DAILY_VOLUME, column, ['A']);
      return rows(ROWS.slice(0, 1)).map(csvLines(columns, style).line);
    };
    expect([line('quote_volume'), line('trade_count'), line('volume')]).toEqual([
      ['1970-01-01;\r\n'],
      ['1970-01-01;7\r\n'],
      ['1970-01-01;10,0\r\n'],
    ]);
  });

  it('should refuse a column that the table does not have', () => {
    expect(() => wideTable(DAILY_OHLC, 'volume', ['A'])).toThrow('daily_ohlc');
    expect(() => wideTable(LATEST_PRICES, 'close', ['A'])).toThrow('latest_prices');
  });
});

describe('withColumns', () => {
  it('should write some columns in an order of its own', () => {
    expect(encodeCsv(withColumns(DAILY_OHLC, ['close', 'symbol']), ROWS.slice(0, 2)).toString()).toBe(
      'close,symbol\r\n1.10,A\r\n2.20,B\r\n',
    );
  });
});

describe('encodeCsv', () => {
  it('should write the header alone for no rows', () => {
    expect(encodeCsv(DAILY_OHLC, []).toString()).toBe('date,symbol,open,high,low,close,is_final,source\r\n');
  });
});
