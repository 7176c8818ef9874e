import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '@app/config';
import { ADMISSION_LIMITS, createHttpApp, type AdmissionLimits } from '@app/http';
import { createLogger, MetricsRegistry } from '@app/observability';
import { apiAlone } from '../support/api-alone';
import { eventually } from '../support/app-process';
import { BuildFolder, sha256Of } from '../support/build-folder';
import { rawRequest, type RawAnswer, type RawRequest } from '../support/raw-request';
import { RawSocket, requestText } from '../support/raw-socket';

const MEGABYTE = 1_048_576;
/** More than the kernel takes ahead of a reader. */
const HUGE = randomBytes(24 * MEGABYTE + 7);
const PROBLEM = 'application/problem+json; charset=utf-8';
const SMALL = Buffer.from('date,symbol\r\n2026-01-15,BTCUSDT\r\n');

interface Listed {
  readonly build: string;
  readonly made_at: string;
  readonly latest: boolean;
  readonly files: readonly {
    readonly name: string;
    readonly url: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly rows: number | null;
  }[];
}

/** Files of builds over HTTP, as tools that read files from addresses ask for them. */
describe('/data/', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-data-files-'));
  const builds = new BuildFolder(join(folder, 'bi/build'));
  let app: NestFastifyApplication;
  let metrics: MetricsRegistry;
  let url: string;

  async function serve(settings: Record<string, string> = {}, limits: Partial<AdmissionLimits> = {}): Promise<void> {
    const config = loadConfig({ STORAGE_PATH: 'app.db', THROTTLE_LIMIT: '1000000', ...settings }, folder);
    const logger = createLogger('silent', 'test');
    metrics = new MetricsRegistry();
    const root = apiAlone(config, logger, metrics);
    app = await createHttpApp(
      root,
      { logger, metrics, http: config.http },
      { ...ADMISSION_LIMITS, lookMs: 20, ...limits },
    );
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  const ask = (path: string, options: RawRequest = {}): Promise<RawAnswer> => rawRequest(url, { ...options, path });

  async function listed(): Promise<Listed[]> {
    const { body } = await ask('/data/');
    return (JSON.parse(body.toString('utf8')) as { data: Listed[] }).data;
  }

  async function newest(name: string): Promise<string> {
    const file = (await listed())[0]?.files.find((candidate) => candidate.name === name);
    if (!file) throw new Error(`${name} is not listed`);
    return file.url;
  }

  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((descriptor) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${descriptor}`);
        return path.startsWith(folder) && path.includes('.builds') ? [path] : [];
      } catch {
        return [];
      }
    });

  afterEach(async () => {
    await app.close();
    await eventually('no file is open', () => Promise.resolve(openFiles().length === 0 ? true : undefined));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('should list nothing, and say how to get there, before the first build', async () => {
    await serve();
    expect(await listed()).toEqual([]);
    const { status, body } = await ask('/data/latest/daily_ohlc.parquet');
    expect([status, JSON.parse(body.toString())]).toMatchObject([
      404,
      { code: 'BUILD.NONE', detail: expect.stringContaining('cli bi-build') as string },
    ]);
  });

  it('should list builds, newest first, with the hashes of the bytes that it sends', async () => {
    const older = builds.publish({ 'daily_ohlc.csv': SMALL });
    const newer = builds.publish({ 'daily_ohlc.csv': Buffer.concat([SMALL, SMALL]), 'daily_ohlc.parquet': HUGE });
    await serve();
    const data = await listed();
    expect(data.map(({ latest, files }) => [latest, files.map(({ name, rows }) => [name, rows])])).toEqual([
      [
        true,
        [
          ['daily_ohlc.csv', 2],
          ['daily_ohlc.parquet', 2],
          ['datapackage.json', null],
        ],
      ],
      [
        false,
        [
          ['daily_ohlc.csv', 1],
          ['datapackage.json', null],
        ],
      ],
    ]);
    for (const { made_at: madeAt } of data) expect(madeAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const [at, descriptor] of [newer, older].entries()) {
      expect(data[at]?.build).toBe(`${2 - at}-${sha256Of(descriptor).slice(0, 12)}`);
    }
    for (const { url: path, bytes, sha256 } of data.flatMap(({ files }) => files)) {
      const { status, headers, body } = await ask(path);
      expect([path, status, body.length, sha256Of(body)]).toEqual([path, 200, bytes, sha256]);
      expect(headers).toMatchObject({
        etag: `"${sha256}"`,
        'cache-control': 'public, max-age=31536000, immutable',
        'content-length': String(bytes),
        'accept-ranges': 'bytes',
      });
      expect(headers['content-encoding']).toBeUndefined();
    }
    const again = await ask('/data/');
    expect(again.headers['cache-control']).toBe('no-cache');
    const unchanged = await ask('/data/', { headers: { 'if-none-match': String(again.headers.etag) } });
    expect([unchanged.status, unchanged.body.length]).toEqual([304, 0]);
  });

  it.each([
    ['a part', 'bytes=5-9', 5, 9],
    ['one byte', 'bytes=0-0', 0, 0],
    ['to the end', `bytes=${HUGE.length - 3}-`, HUGE.length - 3, HUGE.length - 1],
    ['past the end', `bytes=10-${2 * HUGE.length}`, 10, HUGE.length - 1],
    ['from the end', 'bytes=-8', HUGE.length - 8, HUGE.length - 1],
    ['more than there is, from the end', `bytes=-${2 * HUGE.length}`, 0, HUGE.length - 1],
    ['many pieces', `bytes=100000-9000001`, 100_000, 9_000_001],
  ])('should send %s, and the same headers to a HEAD', async (_what, range, first, last) => {
    await serve();
    const path = await newest('daily_ohlc.parquet');
    const { status, headers, body } = await ask(path, { headers: { range } });
    expect([status, headers['content-range']]).toEqual([206, `bytes ${first}-${last}/${HUGE.length}`]);
    expect(body.equals(HUGE.subarray(first, last + 1))).toBe(true);
    const head = await ask(path, { method: 'HEAD', headers: { range } });
    expect([head.status, head.body.length]).toEqual([206, 0]);
    for (const name of ['content-range', 'content-length', 'etag', 'content-type', 'accept-ranges', 'last-modified']) {
      expect([name, head.headers[name]]).toEqual([name, headers[name]]);
    }
  });

  it('should send the whole where a range is none, several, or of other bytes', async () => {
    await serve();
    const path = await newest('daily_ohlc.csv');
    const { headers } = await ask(path, { method: 'HEAD' });
    expect(headers['content-length']).toBe(String(2 * SMALL.length));
    for (const asked of [
      { range: 'bytes=0-1,4-5' },
      { range: 'bytes=9-5' },
      { range: 'lines=0-1' },
      { range: 'bytes=0-1', 'if-range': '"of another"' },
      { range: 'bytes=0-1', 'if-range': String(headers['last-modified']) },
    ]) {
      const answer = await ask(path, { headers: asked });
      expect([asked, answer.status, answer.headers['content-range'], answer.body.length]).toEqual([
        asked,
        200,
        undefined,
        2 * SMALL.length,
      ]);
    }
    const part = await ask(path, { headers: { range: 'bytes=0-1', 'if-range': String(headers.etag) } });
    expect([part.status, part.body.toString()]).toEqual([206, 'da']);
  });

  it('should say that a client has the file already, and that a range is past its end', async () => {
    await serve();
    const path = await newest('daily_ohlc.csv');
    const { headers } = await ask(path, { method: 'HEAD' });
    const conditions: Record<string, string>[] = [
      { 'if-none-match': String(headers.etag) },
      { 'if-none-match': `W/${String(headers.etag)}` },
      { 'if-modified-since': String(headers['last-modified']) },
    ];
    for (const condition of conditions) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(path, { method, headers: condition });
        expect([condition, answer.status, answer.headers.etag]).toEqual([condition, 304, headers.etag]);
      }
    }
    const past = await ask(path, { headers: { range: `bytes=${2 * SMALL.length}-` } });
    expect([past.status, past.headers['content-range']]).toEqual([416, `bytes */${2 * SMALL.length}`]);
    expect(past.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect([past.headers['cache-control'], past.headers.etag]).toEqual(['no-store', undefined]);
  });

  it('should lead from /data/latest/ to the newest build, query and path of a proxy kept', async () => {
    await serve({ PUBLIC_URL: 'https://example.com/market', API_KEYS: 'reader:0123456789abcdef' });
    for (const name of ['daily_ohlc.parquet', 'daily_ohlc.csv', 'datapackage.json']) {
      const path = await newest(name);
      expect(path).toMatch(/^\/market\/data\/2-/);
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await ask(`/data/latest/${name}?api_key=0123456789abcdef&a=1`, { method });
        expect([status, headers.location, headers['cache-control']]).toEqual([
          302,
          `${path}?api_key=0123456789abcdef&a=1`,
          'private, no-cache',
        ]);
      }
    }
    const { status, body } = await ask('/data/latest/none.parquet');
    expect([status, JSON.parse(body.toString())]).toMatchObject([404, { code: 'BUILD.FILE_UNKNOWN' }]);
  });

  it.each([
    '/data/latest/',
    '/data/latest/..%2f..%2fdatapackage.json',
    '/data/2/daily_ohlc.csv',
    '/data/2-000000000000/daily_ohlc.csv',
    '/data/..%2f2/daily_ohlc.csv',
    '/data/%2e%2e/build/daily_ohlc.csv',
    '/data/BUILD/..%2f1%2fdaily_ohlc.csv',
    '/data/BUILD/%2e%2e%2fdaily_ohlc.csv',
    '/data/BUILD/.',
    '/data/BUILD/..',
    '/data/BUILD/',
    '/data/BUILD/daily_ohlc.csv%00',
    '/data/BUILD/DAILY_OHLC.CSV',
    '/data/BUILD/%2fetc%2fpasswd',
    '/data/BUILD/daily_ohlc.csv/',
    '/data/__proto__/daily_ohlc.csv',
    '/data/BUILD',
    '/data//daily_ohlc.csv',
  ])('should give nothing away under %s', async (path) => {
    await serve();
    const [build] = await listed();
    const { status, headers, body } = await ask(path.replace('BUILD', build?.build ?? ''));
    expect([status, headers['content-type']]).toEqual([404, PROBLEM]);
    expect(body.toString()).not.toContain(folder);
  });

  it('should let pages of other hosts read by ranges', async () => {
    await serve();
    const path = await newest('daily_ohlc.parquet');
    const preflight = await ask(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://a.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range',
      },
    });
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([204, '*, Authorization']);
    expect(preflight.headers['access-control-allow-methods']).toContain('HEAD');
    const { headers } = await ask(path, { headers: { origin: 'https://a.example', range: 'bytes=-8' } });
    expect(headers['access-control-allow-origin']).toBe('*');
    for (const name of ['Content-Range', 'Accept-Ranges', 'ETag']) {
      expect(headers['access-control-expose-headers']).toContain(name);
    }
    const post = await ask(path, { method: 'POST' });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('should cost a request of the budget like other routes', async () => {
    await serve({ THROTTLE_LIMIT: '3' });
    const path = await newest('daily_ohlc.csv');
    expect((await ask('/data/latest/daily_ohlc.csv')).status).toBe(302);
    expect((await ask(path)).headers['x-ratelimit-remaining']).toBe('0');
    const refused = await ask(path);
    expect([refused.status, refused.headers['content-type']]).toEqual([429, PROBLEM]);
  });

  it('should read a file no faster than its reader, and close it when he is gone', async () => {
    await serve();
    const path = await newest('daily_ohlc.parquet');
    const sockets: RawSocket[] = [];
    for (let reader = 0; reader < 8; reader += 1) {
      const socket = await RawSocket.open(url, false);
      sockets.push(socket);
      socket.send(requestText(path));
    }
    await eventually('all are being answered', () => Promise.resolve(openFiles().length === 8 ? true : undefined));
    for (const socket of sockets) socket.disconnect();
    await eventually('no file is open', () => Promise.resolve(openFiles().length === 0 ? true : undefined));
  });

  it('should hold no more than its room for readers that take nothing, and refuse the next when they stay', async () => {
    const processBytes = 2 * MEGABYTE;
    await serve({}, { processBytes, clientBytes: processBytes, waitMs: 200 });
    const path = await newest('daily_ohlc.parquet');
    const inHand = async (): Promise<number> =>
      Number(/^csp_http_answer_bytes (\d+)$/m.exec(await metrics.metrics())?.[1] ?? NaN);
    const sockets: RawSocket[] = [];
    let status = 0;
    let most = 0;
    for (let reader = 0; reader < 64 && status !== 503; reader += 1) {
      const socket = await RawSocket.open(url, false);
      sockets.push(socket);
      socket.send(requestText(path));
      const probe = await ask(path, { headers: { range: 'bytes=0-99999' } });
      ({ status } = probe);
      if (status === 503) expect(probe.headers['retry-after']).toBe('30');
      most = Math.max(most, await inHand());
      // What is small passes in any case.
      expect((await ask(path, { headers: { range: 'bytes=-65536' } })).status).toBe(206);
    }
    expect(status).toBe(503);
    // Beside what waits for room, a slice or two of each reader.
    expect(most).toBeLessThan(2 * processBytes + sockets.length * 131_072);
    for (const socket of sockets) socket.disconnect();
  });

  it('should send the rest of a file to whoever reads it while its build is removed, and not begin it again', async () => {
    builds.publish({ 'daily_ohlc.parquet': HUGE });
    await serve();
    const path = await newest('daily_ohlc.parquet');
    const body = await new Promise<Buffer>((resolve, reject) => {
      request(new URL(path, url), (incoming) => {
        const chunks: Buffer[] = [];
        incoming.once('readable', () => {
          builds.publish({ 'daily_ohlc.parquet': SMALL });
          builds.remove(3);
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => {
            resolve(Buffer.concat(chunks));
          });
        });
        incoming.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
    expect(body.equals(HUGE)).toBe(true);
    const again = await ask(path);
    expect([again.status, JSON.parse(again.body.toString())]).toMatchObject([404, { code: 'BUILD.UNKNOWN' }]);
    expect((await ask('/data/latest/daily_ohlc.parquet')).headers.location).toMatch(/^\/data\/4-/);
  });
});
