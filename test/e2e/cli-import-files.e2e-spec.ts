import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zipSync } from 'fflate';
import { runCli } from '../support/run-cli';
import { Stack } from '../support/stack';
import { newestMinutes } from '../support/stored-history';

const DAY = Date.parse('2023-05-01');
const MINUTE_MS = 60_000;
const BYTE_ORDER_MARK = '\uFEFF';
const FUTURES_HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
const TWELVE =
  'expected the 12 columns open time, open, high, low, close, volume, close time, quote volume, trade count, ' +
  'taker buy volume, taker buy quote volume, ignore';

/** Three minutes of the day in the archive's form. */
const ROWS = [0, 1, 2].map((minute) => {
  const open = DAY + minute * MINUTE_MS;
  return `${open},29233.2,29234.4,29230.1,29231.0,12.5,${open + MINUTE_MS - 1},365000.25,7,6.25,182500.12,0`;
});
const CSV = `${ROWS.join('\n')}\n`;

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('cli import of files as they are found on disks', () => {
  const stack = new Stack();
  const folder = join(stack.folder, 'files');

  afterAll(async () => {
    await stack.close();
  });

  function write(name: string, contents: Uint8Array): string {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    return path;
  }

  /** Imports files one by one in one run; gives what the table says of each, and the exit code. */
  async function importFiles(
    files: readonly string[],
    ...options: string[]
  ): Promise<{ readonly code: number; readonly results: string[] }> {
    const { code, output } = await runCli(stack, 'import', ...options, ...files);
    const lines = output.split('\n');
    const results = files.map((file) => lines.find((line) => line.startsWith(`${file} `)) ?? output);
    return {
      code,
      results: results.map((line, index) => line.slice(files[index]?.length).trim().replaceAll(/ +/g, ' ')),
    };
  }

  const storedSymbols = async (): Promise<string[]> => [...(await newestMinutes(stack)).keys()];

  it('should not store one symbol as another when a zip holds a file of another name', async () => {
    const zip = (entry: string): Uint8Array => zipSync({ [entry]: bytes(CSV) });
    const files = [
      write('a/BTCUSDT-1m-2023-05-01.zip', zip('ETHUSDT-1m-2023-05-01.csv')),
      write('b/BTCUSDT-1m-2023-05-01.zip', zip('BTCUSDT-1m-2023-05-02.csv')),
      write('c/BTCUSDT-1m-2023-05.zip', zip('BTCUSDT-1m-2023-05-01.csv')),
      write('d/BTCUSDT-1m-2023-05-01.csv.gz', gzipSync(bytes(CSV), { filename: 'ETHUSDT-1m-2023-05-01.csv' })),
      write('e/BTCUSDT-1m-2023-05-01.zip', zip('BTCUSDT-1h-2023-05-01.csv')),
      write('XRPUSDT-1m-2023-05-01.zip', zip('XRPUSDT-1m-2023-05-01.csv')),
      write('download.zip', zip('LTCUSDT-1m-2023-05-01.csv')),
    ];
    const { code, results } = await importFiles(files);
    expect(results).toEqual([
      'BTCUSDT-1m-2023-05-01.zip holds ETHUSDT-1m-2023-05-01.csv: the two names do not agree',
      'BTCUSDT-1m-2023-05-01.zip holds BTCUSDT-1m-2023-05-02.csv: the two names do not agree',
      'BTCUSDT-1m-2023-05.zip holds BTCUSDT-1m-2023-05-01.csv: the two names do not agree',
      'BTCUSDT-1m-2023-05-01.csv.gz holds ETHUSDT-1m-2023-05-01.csv: the two names do not agree',
      'BTCUSDT-1m-2023-05-01.zip holds BTCUSDT-1h-2023-05-01.csv: the two names do not agree',
      '3 3 0 imported',
      '3 3 0 imported',
    ]);
    expect(code).toBe(1);
    expect(await storedSymbols()).toEqual(['LTCUSDT', 'XRPUSDT']);
  });

  it('should hold --symbol against both names', async () => {
    const files = [
      write('f/BTCUSDT-1m-2023-05-01.csv', bytes(CSV)),
      write('f/rows.zip', zipSync({ 'BTCUSDT-1m-2023-05-01.csv': bytes(CSV) })),
      write('f/rows.csv', bytes(CSV)),
    ];
    const { code, results } = await importFiles(files, '--symbol', 'adausdt');
    expect(results).toEqual([
      'BTCUSDT-1m-2023-05-01.csv is a file of BTCUSDT, not of ADAUSDT',
      'rows.zip, which holds BTCUSDT-1m-2023-05-01.csv, is a file of BTCUSDT, not of ADAUSDT',
      '3 3 0 imported',
    ]);
    expect(code).toBe(1);
    expect(await storedSymbols()).toContain('ADAUSDT');
  });

  it('should read a zip past what macOS and Windows put beside the file', async () => {
    const name = 'BNBUSDT-1m-2023-05-01.csv';
    const junk = bytes('Mac OS X');
    const entries = {
      'BNBUSDT/': [new Uint8Array(), {}] as [Uint8Array, object],
      [`BNBUSDT/${name}`]: bytes(CSV),
      'BNBUSDT/.DS_Store': junk,
      [`__MACOSX/BNBUSDT/._${name}`]: junk,
    };
    const { code, results } = await importFiles([write('BNBUSDT-1m-2023-05-01.zip', zipSync(entries))]);
    expect({ code, results }).toEqual({ code: 0, results: ['3 3 0 imported'] });
  });

  it('should never call a file without a row imported', async () => {
    const name = 'BTCUSDT-1m-2023-05-01';
    const files = [
      write(`g/${name}.csv`, bytes('')),
      write(`g/${name}.zip`, bytes('')),
      write(`h/${name}.zip`, zipSync({ [`${name}.csv`]: bytes('') })),
      write(`h/${name}.csv`, bytes('\n')),
    ];
    const { code, results } = await importFiles(files);
    expect(results).toEqual([
      `${name}.csv is empty: it has 0 bytes`,
      `${name}.zip is empty: it has 0 bytes`,
      `${name}.zip has no row`,
      `${name}.csv has no row`,
    ]);
    expect(code).toBe(1);
  });

  it('should understand checksums in every form that tools write', async () => {
    const name = 'SOLUSDT-1m-2023-05-01.zip';
    const zip = zipSync({ 'SOLUSDT-1m-2023-05-01.csv': bytes(CSV) });
    const hash = createHash('sha256').update(zip).digest('hex');
    const forms = [
      `${hash}  ./${name}`,
      `${hash.toUpperCase()} *${name}\r\n`,
      `SHA256 (${name}) = ${hash}\n`,
      `${'0'.repeat(64)}  ./${name}\n`,
    ];
    const files = forms.map((checksum, index) => {
      write(`checksum-${index}/${name}.CHECKSUM`, bytes(checksum));
      return write(`checksum-${index}/${name}`, zip);
    });
    const { code, results } = await importFiles(files);
    expect(results).toEqual([
      '3 3 0 imported',
      '3 0 0 imported',
      '3 0 0 imported',
      `${name} has SHA-256 ${hash}, but its checksum file says ${'0'.repeat(64)}`,
    ]);
    expect(code).toBe(1);
  });

  it('should take a byte order mark before a row as before a header', async () => {
    const header = FUTURES_HEADER.replace('count', 'number_of_trades');
    const files = [
      write('DOTUSDT-1m-2023-05-01.csv', bytes(BYTE_ORDER_MARK + CSV)),
      write('i/DOTUSDT-1m-2023-05-01.csv', bytes(`${BYTE_ORDER_MARK}${header}\r\n${CSV}`)),
    ];
    const { code, results } = await importFiles(files);
    expect({ code, results }).toEqual({ code: 0, results: ['3 3 0 imported', '3 0 0 imported'] });
  });

  it('should name the twelve columns that are wanted to a file with others', async () => {
    const name = 'BTCUSDT-1m-2023-05-01.csv';
    const files = [
      write(`j/${name}`, bytes('timestamp,open,high,low,close,volume\n1682899200000,1,2,0.5,1,10\n')),
      write(`k/${name}`, bytes('1682899200000,1,2,0.5,1,10\n')),
      write(`l/${name}`, bytes(CSV.replaceAll(',', ';'))),
    ];
    const { code, results } = await importFiles(files);
    expect(results).toEqual([
      `${name}: line 1 is "timestamp,open,high,low,close,volume"; ${TWELVE}`,
      `${name} has no row that can be read: the row of 2023-05-01T00:00:00Z: it has 6 columns, not 12; ${TWELVE}; line 1`,
      `${name}: line 1 is parted by ";", not by commas; ${TWELVE}`,
    ]);
    expect(code).toBe(1);
  });

  it('should import the good rows of a file, list the others with the reason, and end with 1', async () => {
    const other = ROWS[1]!.replace('12.5', '12.6');
    const [first, second, third] = ROWS as [string, string, string];
    const path = write(
      'LINKUSDT-1m-2023-05-01.csv',
      bytes([first.replace('29234.4', '1E+4'), second, other, third, third.replaceAll('16828', '16829')].join('\n')),
    );
    const { code, output } = await runCli(stack, 'import', path);
    expect(output).toMatch(/LINKUSDT-1m-2023-05-01\.csv +1 +1 +0 +imported, 2 minutes and 1 row left out$/m);
    expect(output).toMatch(/2023-05-01T00:00:00Z +1 +left out +.*1E\+4/);
    expect(output).toMatch(/2023-05-01T00:01:00Z +1 +left out +.*12\.6/);
    expect(output).toMatch(/ +0 +left out +.*does not belong into this file/);
    expect(output).toContain('cli: 2 minutes and 1 row left out, listed above with the reason');
    expect(code).toBe(1);
  });

  it('should refuse files of the futures market, and say in its help that they look like those of the spot market', async () => {
    const headed = bytes(`${FUTURES_HEADER}\n${CSV}`);
    const files = [
      write('BTCUSDT_PERP-1m-2023-05-01.csv', bytes(CSV)),
      write('BTCUSD_230630-1m-2023-05-01.csv', bytes(CSV)),
      write('data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2023-05-01.csv', bytes(CSV)),
      write('UMUSDT-1m-2023-05-01.csv', headed),
    ];
    const { code, results } = await importFiles(files);
    for (const result of results)
      expect(result).toMatch(/not of the spot market|header of the files of the futures market/);
    expect(code).toBe(1);
    const { output } = await runCli(stack, 'import', '--help');
    expect(output.replaceAll(/\s+/g, ' ')).toContain('A futures file looks like a spot file');
    expect(await storedSymbols()).not.toContain('BTCUSDT');
    const spot = await importFiles(files.slice(-1), '--spot');
    expect(spot).toEqual({ code: 0, results: ['3 3 0 imported'] });
  });
});
