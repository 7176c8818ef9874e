import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { limitFiles } from '../support/full-disk';
import { RawSocket, requestText } from '../support/raw-socket';
import { rawRequest } from '../support/raw-request';
import { ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

const PARQUET = 'application/vnd.apache.parquet';
/** More than a page of rows. */
const LONG = '/candles?interval=1m&format=parquet';
const SHORT = '/candles?symbol=BTCUSDT&interval=1h&format=parquet';

const LISTS = [
  '/trades/latest?symbol=BTCUSDT',
  '/trades/range?start=2026-11-01&end=2026-12-01',
  '/candles?interval=1h',
  '/coverage?end=2026-11-20T11:00:00Z',
  '/daily-metrics?',
  '/symbols?',
];

/** Whether it begins and ends as Parquet files do. */
function isParquet(bytes: Buffer): boolean {
  return [bytes.subarray(0, 4), bytes.subarray(-4)].every((mark) => mark.toString() === 'PAR1');
}

/** Files of lists that a process has open, by what the system says of them. */
function openFiles({ pid }: AppProcess): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((descriptor) => {
    const target = readLink(join(folder, descriptor));
    return target.includes('csp-list-') ? [target] : [];
  });
}

/** Empty for one that was closed meanwhile. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

describe('Parquet lists', () => {
  let market: ServedMarket;
  let url: string;
  let server: AppProcess;
  /** The server's own. */
  const temporary = mkdtempSync(join(tmpdir(), 'csp-list-test-'));

  beforeAll(async () => {
    market = await ServedMarket.start();
    ({ url, process: server } = await market.server({ TMPDIR: temporary }));
  });

  afterAll(async () => {
    await market.close();
    rmSync(temporary, { recursive: true, force: true });
  });

  const isOpen = (): Promise<true | undefined> => Promise.resolve(openFiles(server).length > 0 || undefined);
  const isClosed = (): Promise<true | undefined> => Promise.resolve(openFiles(server).length === 0 || undefined);

  it.each(LISTS)('should be answered for %s, by the parameter and by Accept', async (path) => {
    const asked = await rawRequest(`${url}${path}&format=parquet`);
    const accepted = await rawRequest(`${url}${path}`, { headers: { accept: PARQUET } });
    for (const { status, headers, body } of [asked, accepted]) {
      expect([status, headers['content-type']]).toEqual([200, PARQUET]);
      expect(headers['content-length']).toBe(String(body.length));
      expect(isParquet(body)).toBe(true);
    }
    expect(accepted.body.equals(asked.body)).toBe(true);
  });

  it('should have the length of the whole, no ranges and no coding, however long they are', async () => {
    for (const path of [SHORT, LONG]) {
      const headers = { range: 'bytes=0-9', 'accept-encoding': 'br, gzip' };
      const { status, headers: said, body } = await rawRequest(`${url}${path}`, { headers });
      expect([path, status, said['content-length']]).toEqual([path, 200, String(body.length)]);
      expect([said['accept-ranges'], said['content-range'], said['content-encoding']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(isParquet(body)).toBe(true);
    }
  });

  it('should have the headers of GET for HEAD while they are short, and read no rows for it when they are long', async () => {
    const get = await rawRequest(`${url}${SHORT}`);
    const head = await rawRequest(`${url}${SHORT}`, { method: 'HEAD' });
    for (const name of ['content-length', 'content-type', 'etag', 'vary', 'cache-control', 'link']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
    const { status, headers } = await rawRequest(`${url}${LONG}`, { method: 'HEAD' });
    expect([status, headers['content-type']]).toEqual([200, PARQUET]);
    for (const name of ['content-length', 'etag', 'link']) expect([name, headers[name]]).toEqual([name, undefined]);
  });

  it('should be answered with 304 to whoever has one', async () => {
    const { headers } = await rawRequest(`${url}${SHORT}`);
    const again = await rawRequest(`${url}${SHORT}`, { headers: { 'if-none-match': String(headers.etag) } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const csv = await rawRequest(`${url}${SHORT.replace('parquet', 'csv')}`);
    expect(csv.headers.etag).not.toBe(headers.etag);
  });

  it('should name the next page, and give it', async () => {
    for (const limit of [4_999, 6_000]) {
      const { headers } = await rawRequest(`${url}${LONG}&limit=${limit}`);
      const link = /^<([^>]+)>; rel="next"$/.exec(String(headers['link']))?.[1] ?? '';
      expect(link).toContain('format=parquet');
      expect(isParquet((await rawRequest(`${url}${link}`)).body)).toBe(true);
    }
    expect((await rawRequest(`${url}${LONG}`)).headers['link']).toBeUndefined();
  });

  it('should be whole files without rows', async () => {
    const { status, headers, body } = await rawRequest(`${url}/candles?symbol=${SYMBOL_WITHOUT_DATA}&format=parquet`);
    expect([status, headers['content-length'], isParquet(body)]).toEqual([200, String(body.length), true]);
  });

  it.each(['sep=;', 'decimal=,', 'bom=1'])('should refuse %s, which is for text', async (option) => {
    const { status, body } = await rawRequest(`${url}${SHORT}&${option}`);
    expect(status).toBe(400);
    expect((JSON.parse(body.toString()) as { errors: { field: string }[] }).errors[0]?.field).toBe(
      option.split('=')[0],
    );
  });

  it('should leave no file behind: neither when they are sent, nor when their readers go', async () => {
    await rawRequest(`${url}${LONG}`);
    for (let reader = 0; reader < 3; reader += 1) {
      const socket = await RawSocket.open(url, false);
      socket.send(requestText(LONG));
      await eventually('it is being written', isOpen, undefined, 1);
      socket.disconnect();
      await eventually('its file is closed', isClosed);
    }
    // Its folder goes right behind it.
    await eventually('nothing is left', () => Promise.resolve(readdirSync(temporary).length === 0 ? true : undefined));
  });

  it('should say that there is no room for a file, and why in the log alone', async () => {
    limitFiles(server, 100);
    try {
      for (const path of [SHORT, LONG]) {
        const { status, headers, body } = await rawRequest(`${url}${path}`);
        expect([status, headers['retry-after'], headers['content-type']]).toEqual([
          503,
          '60',
          'application/problem+json; charset=utf-8',
        ]);
        expect(JSON.parse(body.toString())).toMatchObject({ code: 'LIST.NO_TEMPORARY_FILE' });
        expect(body.toString()).not.toContain(temporary);
      }
    } finally {
      limitFiles(server, 'unlimited');
    }
    await eventually('the log says it', () => Promise.resolve(server.output.includes('EFBIG') || undefined));
    expect([readdirSync(temporary), openFiles(server)]).toEqual([[], []]);
    expect((await rawRequest(`${url}${LONG}`)).status).toBe(200);
  });

  it('should be written beside the store where there is no temporary folder, and leave nothing there', async () => {
    const other = await market.server({ TMPDIR: join(temporary, 'no such folder') });
    expect(isParquet((await rawRequest(`${other.url}${LONG}`)).body)).toBe(true);
    expect(other.process.output).toContain('temporary files are kept in');
    expect(readdirSync(market.folder).filter((name) => name.startsWith('.csp-scratch-'))).toEqual([]);
  });

  it('should leave no file behind when the process is killed, and remove what others left when it starts', async () => {
    const folder = mkdtempSync(join(temporary, 'killed-'));
    const killed = await market.server({ TMPDIR: folder });
    const socket = await RawSocket.open(killed.url, false);
    socket.send(requestText(LONG));
    const named = (): string[] => openFiles(killed.process).filter((target) => target.endsWith('(deleted)'));
    await eventually('it is being written', () => Promise.resolve(named().length > 0 || undefined), undefined, 1);
    await killed.process.stop('SIGKILL');
    const left = readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
    socket.disconnect();
    for (const name of ['csp-list-old', 'csp-list-new', 'another']) mkdirSync(join(folder, name));
    for (const name of ['csp-list-old', 'another']) utimesSync(join(folder, name), 1, 1);
    await market.server({ TMPDIR: folder });
    const names = readdirSync(folder);
    expect(['another', 'csp-list-new', 'csp-list-old'].filter((name) => names.includes(name))).toEqual([
      'another',
      'csp-list-new',
    ]);
  });
});
