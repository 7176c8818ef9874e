import fc from 'fast-check';
import { csvLines, PLAIN_CSV, type CsvCell, type CsvColumn, type CsvStyle } from './csv-lines';

interface Row {
  readonly name: string;
  readonly number: CsvCell;
  readonly time: CsvCell;
}

const COLUMNS: readonly CsvColumn<Row>[] = [
  { name: 'name', kind: 'text', cell: (row) => row.name },
  { name: 'number', kind: 'number', cell: (row) => row.number },
  { name: 'time', kind: 'value', cell: (row) => row.time },
];

const GERMAN: CsvStyle = { separator: ';', decimal: ',', hasByteOrderMark: true };
const TABS: CsvStyle = { separator: '\t', decimal: ',', hasByteOrderMark: false };

const written = (rows: readonly Row[], style?: CsvStyle): string => {
  const { head, line } = csvLines(COLUMNS, style);
  return head + rows.map(line).join('');
};

/** A reader of RFC 4180 with any separator that knows nothing of the writer. */
function readCsv(text: string, separator: string): string[][] {
  const cell = new RegExp(`("(?:[^"]|"")*"|[^"${separator}\\r\\n]*)(${separator}|\\r\\n)`, 'y');
  const rows: string[][] = [[]];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) throw new Error(`not CSV from ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, raw = '', end] = match;
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
}

describe('csvLines', () => {
  const rows: readonly Row[] = [
    { name: 'BTCUSDT', number: '-0.00000001', time: '2026-01-15' },
    { name: '币安人生USDT', number: null, time: null },
    { name: 'ETHUSDT', number: 1_000_000, time: true },
  ];

  it('should end every line with CRLF, leave null empty and write values as they are', () => {
    expect(written(rows)).toBe(
      'name,number,time\r\nBTCUSDT,-0.00000001,2026-01-15\r\n币安人生USDT,,\r\nETHUSDT,1000000,true\r\n',
    );
  });

  it('should begin with a byte order mark, part cells and mark decimals as asked', () => {
    expect(written(rows, GERMAN)).toBe(
      '\uFEFFname;number;time\r\nBTCUSDT;-0,00000001;2026-01-15\r\n币安人生USDT;;\r\nETHUSDT;1000000;true\r\n',
    );
    expect(written(rows.slice(0, 1), TABS)).toBe('name\tnumber\ttime\r\nBTCUSDT\t-0,00000001\t2026-01-15\r\n');
  });

  it.each([-1, -0.5, 7])('should not take the number %j for a formula, whatever the column holds', (number) => {
    for (const kind of ['text', 'number', 'value'] as const) {
      expect(csvLines([{ name: 'a', kind, cell: () => number }]).line(undefined)).toBe(`${number}\r\n`);
    }
  });

  it('should mark decimals in numbers alone', () => {
    const [, line] = written([{ name: '1.5', number: 1.5, time: '14:03:22.913Z' }], GERMAN).split('\r\n');
    expect(line).toBe('1.5;1,5;14:03:22.913Z');
  });

  it('should write an empty line for a row of one empty cell, and nothing between for no columns', () => {
    const [, number] = COLUMNS;
    if (!number) throw new Error('no column');
    expect(csvLines([number]).line({ name: '', number: null, time: null })).toBe('\r\n');
    expect(csvLines<Row>([]).head).toBe('\r\n');
  });

  it('should guard the names of columns as it does text', () => {
    expect(csvLines([{ name: '=1+1', kind: 'number', cell: () => 1 }]).head).toBe("'=1+1\r\n");
  });

  it.each([PLAIN_CSV, GERMAN, TABS])('should be read back whatever the text, written as %j', (style) => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '\r', '\n', '=', '+', '-', '@', '\t', '币', ' ', '.'),
    });
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), (names) => {
        const text = written(
          names.map((name) => ({ name, number: '1.5', time: name })),
          style,
        ).replace(/^\uFEFF/, '');
        const number = `1${style.decimal}5`;
        const expected = names.map((name) => [/^[=+\-@\t\r]/.test(name) ? `'${name}` : name, number, name]);
        expect(readCsv(text, style.separator)).toEqual([['name', 'number', 'time'], ...expected]);
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('should keep %j from being a formula', (name) => {
    for (const style of [PLAIN_CSV, GERMAN, TABS]) {
      const line = csvLines(COLUMNS, style).line({ name, number: null, time: null });
      expect(line.replace(/^"/, '')).toMatch(/^'/);
    }
  });
});
