import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DiskKlineFiles } from '@app/binance';
import {
  ArchiveError,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  floorTo,
  leavingOut,
  sameCandleNumbers,
  type DayOfMinutes,
  type DaySieve,
  type KlineFileEnd,
  type KlineFileFacts,
  type KlineFileOptions,
  type LeftOutMinutes,
} from '@app/domain';
import { rollUpMinutes } from '@app/history';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { gzipSync as fflateGzip, zipSync } from 'fflate';
import { archiveMinutes, describeRecordings, recordedHours, RECORDINGS_DIR } from '../support/recordings';

const DATE = Date.UTC(2024, 1, 1) * MILLISECOND;
const ROWS = 1_500;

/** A line of the archive for a minute of {@link buildMinute}, in milliseconds. */
function lineOf(index: number): string {
  const candle = buildMinute('BTCUSDT', DATE + index * MINUTE);
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle;
  const times = [candle.openTime, candle.closeTime].map((time) => Math.floor(time / MILLISECOND));
  return [
    times[0],
    open,
    high,
    low,
    close,
    volume,
    times[1],
    quoteVolume,
    tradeCount,
    takerBuyVolume,
    takerBuyQuoteVolume,
    0,
  ].join(',');
}

const CSV = Buffer.from(`${Array.from({ length: ROWS }, (_, index) => lineOf(index)).join('\n')}\n`);

const HEADER =
  'Open time,Open,High,Low,Close,Volume,Close time,Quote volume,Trades,Taker buy volume,Taker buy quote volume,Ignore';
const FUTURES_HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';

/** As `gzip` packs a file: with its name. */
function gzipOf(name: string, bytes: Uint8Array): Uint8Array {
  return fflateGzip(bytes, { filename: name });
}

interface ReadFile {
  readonly facts: KlineFileFacts;
  readonly days: DayOfMinutes[];
  readonly end: KlineFileEnd;
}

describe('archive files on disk', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csp-files-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, bytes: Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  async function read(path: string, options: Partial<KlineFileOptions> = {}, sieve?: DaySieve): Promise<ReadFile> {
    const file = await new DiskKlineFiles().open(path, { capturedAt: 7, ...options });
    const days: DayOfMinutes[] = [];
    const generator = file.days(undefined, sieve);
    for (;;) {
      const step = await generator.next();
      if (step.done === true) return { facts: file.facts, days, end: step.value };
      days.push(step.value);
    }
  }

  it('should count and hash what a sieve leaves of the days, and list what it took out', async () => {
    const leftOut: LeftOutMinutes[] = [
      { start: DATE, end: DATE + 2 * MINUTE, reason: 'fewer_trades', detail: 'stored with more trades' },
      { start: DATE + DAY, end: DATE + DAY + MINUTE, reason: 'not_closed', detail: 'closes after now' },
    ];
    const path = write('BTCUSDT-1m-2024-02.csv', CSV);
    const { days, end } = await read(path, {}, leavingOut(leftOut));
    expect(days.map(({ candles, leftOut: left }) => [candles.length, left])).toEqual([
      [1_438, leftOut.slice(0, 1)],
      [59, leftOut.slice(1)],
    ]);
    const rest = [...Array(ROWS).keys()].filter((index) => index > 1 && index !== 1_440).map(lineOf);
    const without = await read(write('rest.csv', Buffer.from(rest.join('\n'))), { symbol: 'BTCUSDT' });
    expect(end).toEqual({ ...without.end, leftOut });
    expect(end.rowsSha256).not.toBe((await read(path)).end.rowsSha256);
  });

  const zip = (csv: Uint8Array = CSV): Uint8Array => zipSync({ 'BTCUSDT-1m-2024-02.csv': csv }, { level: 9 });

  it.each([
    ['zip', () => write('BTCUSDT-1m-2024-02.zip', zip())],
    ['stored zip', () => write('BTCUSDT-1m-2024-02.zip', zipSync({ 'x.csv': CSV }, { level: 0 }))],
    ['gzip', () => write('BTCUSDT-1m-2024-02.csv.gz', gzipSync(CSV))],
    ['plain CSV', () => write('BTCUSDT-1m-2024-02.csv', CSV)],
  ])('should read a %s day by day', async (_, make) => {
    const { facts, days, end } = await read(make());
    expect(facts).toMatchObject({
      symbol: 'BTCUSDT',
      checksum: 'absent',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(days.map(({ range, candles }) => [range.start, candles.length])).toEqual([
      [DATE, 1_440],
      [DATE + DAY, 60],
    ]);
    expect(end).toMatchObject({ rows: ROWS, duplicates: 0, range: { start: DATE, end: DATE + ROWS * MINUTE } });
    expect(end.rowsSha256).toBe((await read(write('rows.csv', CSV), { symbol: 'BTCUSDT' })).end.rowsSha256);
    expect(days[0]?.candles[5]).toMatchObject({
      ...buildMinute('BTCUSDT', DATE + 5 * MINUTE),
      source: 'binance_archive_klines',
      capturedAt: 7,
    });
  });

  it('should hold a file against the checksum beside it', async () => {
    const bytes = zip();
    const path = write('BTCUSDT-1m-2024-02.zip', bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    write('BTCUSDT-1m-2024-02.zip.CHECKSUM', Buffer.from(`${hash}  BTCUSDT-1m-2024-02.zip`));
    expect((await read(path)).facts).toMatchObject({ checksum: 'verified', sha256: hash });
    write('BTCUSDT-1m-2024-02.zip.CHECKSUM', Buffer.from(`${'0'.repeat(64)}  BTCUSDT-1m-2024-02.zip`));
    await expect(read(path)).rejects.toMatchObject({ failure: 'checksum_mismatch' });
  });

  it.each([
    ['hours', 'BTCUSDT-1h-2024-02.csv', {}, 'BTCUSDT-1h-2024-02.csv holds 1h candles; only 1m can be read'],
    ['another symbol', 'BTCUSDT-1m-2024-02.csv', { symbol: 'ETHUSDT' }, 'is a file of BTCUSDT, not of ETHUSDT'],
    ['no symbol', 'rows.csv', {}, 'rows.csv does not say its symbol'],
  ])('should refuse a file of %s', async (_, name, options, message) => {
    await expect(read(write(name, CSV), options)).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining(message) as string,
    });
  });

  it('should refuse rows of another month than the name says, and a file that is not there', async () => {
    await expect(read(write('BTCUSDT-1m-2024-03.csv', CSV))).rejects.toMatchObject({ failure: 'malformed' });
    await expect(read(join(folder, 'BTCUSDT-1m-2024-04.zip'))).rejects.toMatchObject({ failure: 'not_found' });
  });

  it('should refuse a zip that holds no CSV, or two', async () => {
    await expect(read(write('BTCUSDT-1m-2024-02.zip', zipSync({ 'x.txt': CSV })))).rejects.toMatchObject({
      failure: 'malformed',
    });
    const two = zipSync({ 'a.csv': CSV, 'b.csv': CSV });
    await expect(read(write('BTCUSDT-1m-2024-02.zip', two))).rejects.toThrow('holds 2 CSV files, not one');
  });

  it.each<[string, number, number, string]>([
    ['is encrypted', 8, 1, 'is encrypted'],
    ['points to zip64 records', 24, 0xffff_ffff, 'is larger than zips are read here'],
    ['unpacks to more than it says', 24, 1_000, 'does not have the size and CRC that the zip says'],
  ])('should refuse a zip that %s', async (_, place, value, message) => {
    const bytes = Buffer.from(zip());
    const entry = bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    if (place === 8) bytes.writeUInt16LE(value, entry + place);
    else bytes.writeUInt32LE(value, entry + place);
    await expect(read(write('BTCUSDT-1m-2024-02.zip', bytes))).rejects.toThrow(message);
  });

  const NAME = 'BTCUSDT-1m-2024-02.csv';
  const junk = Buffer.from('Mac OS X');

  it.each<[string, Parameters<typeof zipSync>[0]]>([
    ['macOS', { 'BTCUSDT/': [new Uint8Array(), {}], [`BTCUSDT/${NAME}`]: CSV, [`__MACOSX/BTCUSDT/._${NAME}`]: junk }],
    ['a Mac without resource forks', { '.DS_Store': junk, [NAME]: CSV, [`._${NAME}`]: junk }],
    ['Windows', { [`klines\\${NAME}`]: CSV, 'klines\\Thumbs.db': junk, 'desktop.ini': junk }],
    ['hand, beside notes', { 'README.txt': junk, 'daily.csv/': [new Uint8Array(), {}], [`daily.csv/${NAME}`]: CSV }],
  ])('should read the one CSV of a zip that was packed on %s', async (_, entries) => {
    const { facts, end } = await read(write('BTCUSDT-1m-2024-02.zip', zipSync(entries)));
    expect([facts.symbol, end.rows]).toEqual(['BTCUSDT', ROWS]);
  });

  it.each<[string, Uint8Array, string]>([
    ['a zip', zipSync({ 'ETHUSDT-1m-2024-02.csv': CSV }), 'BTCUSDT-1m-2024-02.zip'],
    ['a zip in a folder', zipSync({ 'x/ETHUSDT-1m-2024-02.csv': CSV }), 'BTCUSDT-1m-2024-02.zip'],
    ['a zip of another month', zipSync({ 'BTCUSDT-1m-2024-03.csv': CSV }), 'BTCUSDT-1m-2024-02.zip'],
    ['a gzip', gzipOf('ETHUSDT-1m-2024-02.csv', CSV), 'BTCUSDT-1m-2024-02.csv.gz'],
  ])('should refuse %s that holds a file of another name', async (_, bytes, name) => {
    await expect(read(write(name, bytes))).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining('the two names do not agree') as string,
    });
  });

  it.each<[string, Uint8Array, string]>([
    ['zip', zipSync({ [NAME]: CSV }), 'download.zip'],
    ['gzip', gzipOf(NAME, CSV), 'download.gz'],
  ])(
    'should take symbol and month of a %s from the name inside, and hold --symbol against it',
    async (_, bytes, name) => {
      const path = write(name, bytes);
      expect((await read(path)).facts.symbol).toBe('BTCUSDT');
      await expect(read(path, { symbol: 'ETHUSDT' })).rejects.toThrow('is a file of BTCUSDT, not of ETHUSDT');
      const march = gzipOf('BTCUSDT-1m-2024-03.csv', CSV);
      await expect(read(write('download.gz', march))).rejects.toThrow('does not belong into this file');
    },
  );

  it.each<[string, string, Uint8Array, string]>([
    ['of 0 bytes', NAME, new Uint8Array(), 'is empty: it has 0 bytes'],
    ['of 0 bytes that is called a zip', 'BTCUSDT-1m-2024-02.zip', new Uint8Array(), 'is empty: it has 0 bytes'],
    ['that is a zip of 0 bytes', 'BTCUSDT-1m-2024-02.zip', zipSync({ [NAME]: new Uint8Array() }), 'has no row'],
    ['that is a gzip of 0 bytes', `${NAME}.gz`, gzipSync(new Uint8Array()), 'has no row'],
    ['of line breaks', NAME, Buffer.from('\r\n\n'), 'has no row'],
    ['of a byte order mark', NAME, Buffer.from('\uFEFF'), 'has no row'],
    ['of a header', NAME, Buffer.from(`${HEADER}\n`), 'has no row'],
    ['that is a zip without an entry', 'BTCUSDT-1m-2024-02.zip', zipSync({}), 'holds 0 CSV files, not one'],
  ])('should refuse a file %s', async (_, name, bytes, message) => {
    await expect(read(write(name, bytes))).rejects.toMatchObject({
      failure: 'malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each<[string, (hash: string, name: string) => string | Buffer]>([
    ['in this folder', (hash, name) => `${hash}  ./${name}\n`],
    ['read as binary, in capitals', (hash, name) => `${hash.toUpperCase()} *${name}\r\n`],
    ['by PowerShell', (hash, name) => Buffer.from(`\uFEFF${hash}  ${name}\r\n`, 'utf16le')],
  ])('should understand a checksum made %s', async (_, make) => {
    // Made once: the time in it goes on.
    const bytes = zip();
    const path = write('BTCUSDT-1m-2024-02.zip', bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    write('BTCUSDT-1m-2024-02.zip.CHECKSUM', Buffer.from(make(hash, 'BTCUSDT-1m-2024-02.zip') as string));
    expect((await read(path)).facts.checksum).toBe('verified');
    write('BTCUSDT-1m-2024-02.zip.CHECKSUM', Buffer.from(make('0'.repeat(64), 'BTCUSDT-1m-2024-02.zip') as string));
    await expect(read(path)).rejects.toMatchObject({ failure: 'checksum_mismatch' });
  });

  it('should name a checksum that is no file of its size, or no file at all', async () => {
    const path = write('BTCUSDT-1m-2024-02.zip', zip());
    write('BTCUSDT-1m-2024-02.zip.CHECKSUM', Buffer.alloc(100_000, 'x'));
    await expect(read(path)).rejects.toMatchObject({ failure: 'malformed' });
    rmSync(`${path}.CHECKSUM`);
    mkdirSync(`${path}.CHECKSUM`);
    await expect(read(path)).rejects.toMatchObject({
      failure: 'rejected',
      message: 'BTCUSDT-1m-2024-02.zip.CHECKSUM cannot be read: EISDIR',
    });
  });

  it.each<[string, string, Uint8Array]>([
    ['by its contract', 'BTCUSD_PERP-1m-2024-02.csv', CSV],
    ['by the contract inside', 'download.zip', zipSync({ 'BTCUSDT_240628-1m-2024-02.csv': CSV })],
    ['by its folder', 'futures/um/BTCUSDT-1m-2024-02.csv', CSV],
    ['by its header', NAME, Buffer.concat([Buffer.from(`${FUTURES_HEADER}\n`), CSV])],
  ])('should refuse a file of the futures market, told %s', async (_, name, bytes) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    await expect(read(write(name, bytes), { symbol: 'BTCUSDT' })).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringMatching(/(?:spot|futures) market/) as string,
    });
  });

  it.each<[string, string, Buffer | Uint8Array, string]>([
    ['7z', 'BTCUSDT-1m-2024-02.zip', Buffer.from('7z\xbc\xaf\x27\x1c\x00\x04', 'latin1'), 'is a 7z archive'],
    ['xz', `${NAME}.xz`, Buffer.from('\xfd7zXZ\x00\x00\x04', 'latin1'), 'is packed by xz'],
    ['bzip2', `${NAME}.bz2`, Buffer.from('BZh91AY&SY', 'latin1'), 'is packed by bzip2'],
    ['Zstandard', `${NAME}.zst`, zstdCompressSync(CSV), 'is packed by zstd'],
    ['Parquet', NAME, Buffer.from('PAR1....PAR1'), 'is a Parquet file'],
    ['Excel', 'rows.xlsx', zipSync({ '[Content_Types].xml': junk, 'xl/workbook.xml': junk }), 'is an Excel workbook'],
    [
      'an error of the store',
      'BTCUSDT-1m-2024-02.zip',
      Buffer.from('<?xml version="1.0"?><Error/>'),
      'is a web page or an error message in XML, no download of the file',
    ],
    ['the answer of REST', NAME, Buffer.from('[[1706745600000,"1.0"]]'), 'is JSON'],
  ])('should say of %s that it is no file that can be read', async (_, name, bytes, message) => {
    await expect(read(write(name, bytes), { symbol: 'BTCUSDT' })).rejects.toMatchObject({
      failure: 'unsupported',
      message: `${name} ${message}; zip, gzip and CSV can be read`,
    });
  });

  it.each<[string, string]>([
    ['whose times are in seconds', CSV.toString().replaceAll(/(17\d{8})\d{3}/g, '$1')],
    ['of trades', '51175358,17.8,5.69,101.2,1706745600010,True,True\n'],
    [
      'whose rows are numbered',
      CSV.toString()
        .split('\n')
        .map((line, index) => `${index},${line}`)
        .join('\n'),
    ],
  ])('should import nothing of a file %s, and name the twelve columns', async (_, text) => {
    await expect(read(write('rows.csv', Buffer.from(text)), { symbol: 'BTCUSDT' })).rejects.toMatchObject({
      failure: 'malformed',
      message: expect.stringMatching(
        /has no row that can be read: .*; expected the 12 columns open time, open, /,
      ) as string,
    });
  });

  const small = Buffer.from(`${Array.from({ length: 50 }, (_, index) => lineOf(index)).join('\n')}\n`);

  it.each([
    ['zip', '.zip', () => zip(small)],
    ['gzip', '.csv.gz', () => gzipSync(small)],
  ])('should never believe a %s that was cut', async (_, ending, make) => {
    const bytes = make();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 12, max: bytes.length - 1 }), async (length) => {
        const path = write(`BTCUSDT-1m-2024-02${ending}`, bytes.subarray(0, length));
        await expect(read(path)).rejects.toMatchObject({ failure: 'truncated' });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['zip', '.zip', () => zip(small)],
    ['gzip', '.csv.gz', () => gzipSync(small)],
  ])('should read a damaged %s rightly or not at all', async (_, ending, make) => {
    const bytes = make();
    const right = (await read(write('rows.csv', small), { symbol: 'BTCUSDT' })).end.rowsSha256;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const damaged = Uint8Array.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ change;
        const path = write(`BTCUSDT-1m-2024-02${ending}`, damaged);
        const outcome = await read(path).catch((error: unknown) => error);
        if (outcome instanceof ArchiveError) return;
        expect(outcome).not.toBeInstanceOf(Error);
        expect((outcome as ReadFile).end.rowsSha256).toBe(right);
      }),
      { numRuns: 200 },
    );
  });
});

describeRecordings('archive files of the exchange (needs RECORDINGS_DIR)', () => {
  it.each(['2020-01-01', '2020-01-02'])(
    'should read %s digit for digit, and its hours as the exchange gave them',
    async (date) => {
      const path = join(RECORDINGS_DIR, 'archive-1m', `BTCUSDT-1m-${date}.zip`);
      const file = await new DiskKlineFiles().open(path, { capturedAt: 7 });
      expect(file.facts).toMatchObject({ symbol: 'BTCUSDT', checksum: 'verified' });
      const days: DayOfMinutes[] = [];
      for await (const day of file.days()) days.push(day);
      const [{ candles, range } = { candles: [], range: { start: 0, end: 0 } }] = days;
      expect(candles).toHaveLength(1_440);
      expect(candles).toMatchObject(archiveMinutes(date));
      const hours = recordedHours().filter(({ openTime }) => openTime >= range.start && openTime < range.end);
      expect(hours).toHaveLength(24);
      for (const hour of hours) {
        const rolled = rollUpMinutes(candles.filter(({ openTime }) => floorTo(openTime, HOUR) === hour.openTime));
        expect(rolled && sameCandleNumbers(rolled, hour)).toBe(true);
      }
    },
  );

  it('should refuse a recorded file with the checksum of the other day', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'csp-files-'));
    try {
      const [first, second] = ['BTCUSDT-1m-2020-01-01.zip', 'BTCUSDT-1m-2020-01-02.zip'].map((name) =>
        join(RECORDINGS_DIR, 'archive-1m', name),
      );
      const copy = join(folder, 'BTCUSDT-1m-2020-01-01.zip');
      copyFileSync(second!, copy);
      copyFileSync(`${first!}.CHECKSUM`, `${copy}.CHECKSUM`);
      await expect(new DiskKlineFiles().open(copy, { capturedAt: 7 })).rejects.toMatchObject({
        failure: 'checksum_mismatch',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
