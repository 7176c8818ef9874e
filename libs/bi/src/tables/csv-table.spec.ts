import fc from 'fast-check';
import { encodeCsv, text, textCell, value, type CsvTable } from './csv-table';

interface Row {
  readonly name: string;
  readonly number: string | number | boolean | null;
}

const TABLE: CsvTable<Row> = {
  name: 'symbols',
  header: ['name', 'number'],
  columns: [text((row) => row.name), value((row) => row.number)],
};

/** A reader of RFC 4180 that knows nothing of the writer. */
function readCsv(bytes: string): string[][] {
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  const rows: string[][] = [[]];
  while (cell.lastIndex < bytes.length) {
    const at = cell.lastIndex;
    const match = cell.exec(bytes);
    if (!match) throw new Error(`not CSV from ${at}: ${JSON.stringify(bytes.slice(at, at + 20))}`);
    const [, raw = '', end] = match;
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
}

describe('encodeCsv', () => {
  it('should write the header alone for no rows', () => {
    expect(encodeCsv(TABLE, []).toString()).toBe('name,number\r\n');
  });

  it('should end every line with CRLF, leave null empty and write values as they are', () => {
    const rows = [
      { name: 'BTCUSDT', number: '-0.00000001' },
      { name: '币安人生USDT', number: null },
      { name: 'ETHUSDT', number: true },
      { name: 'BNBUSDT', number: 0 },
    ];
    expect(encodeCsv(TABLE, rows).toString('utf8')).toBe(
      'name,number\r\nBTCUSDT,-0.00000001\r\n币安人生USDT,\r\nETHUSDT,true\r\nBNBUSDT,0\r\n',
    );
  });

  it('should be read back by any reader of RFC 4180, whatever the text', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', '=', '+', '-', '@', '\t', '币', ' ') });
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), (names) => {
        const csv = encodeCsv(
          TABLE,
          names.map((name) => ({ name, number: 1 })),
        ).toString('utf8');
        const expected = names.map((name) => [/^[=+\-@\t\r]/.test(name) ? `'${name}` : name, '1']);
        expect(readCsv(csv)).toEqual([['name', 'number'], ...expected]);
      }),
    );
  });
});

describe('textCell', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('should keep %j from being a formula', (cell) => {
    expect(textCell(cell).replace(/^"/, '')).toMatch(/^'/);
  });
});
