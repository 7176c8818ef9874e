import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Controller, Get, Module, Query, Res, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { ClockModule, SystemClock } from '@app/clock';
import { loadConfig } from '@app/config';
import {
  ADMISSION_LIMITS,
  createHttpApp,
  HealthReport,
  HttpModule,
  makePiece,
  reserveRoom,
  whileWriting,
  type AdmissionLimits,
} from '@app/http';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { eventually } from '../support/app-process';
import { RawSocket, requestText } from '../support/raw-socket';
import { rawRequest } from '../support/raw-request';

const MEGABYTE = 1_048_576;
/** More than the kernel takes ahead of a reader. */
const HUGE = 24 * MEGABYTE;

const PIECES = 6;

const TABLE = randomBytes(HUGE);
let begun: string[] = [];
const held = new Map<string, () => void>();

@Controller()
class AnswersController {
  @Get('small')
  small(@Query('name') name: string): string {
    begun.push(name);
    return `small ${name}`;
  }

  @Get('table')
  table(@Res() reply: FastifyReply): void {
    begun.push('table');
    reply.send(TABLE);
  }

  @Get('large')
  async large(@Query('bytes') bytes: string, @Res() reply: FastifyReply): Promise<void> {
    await reserveRoom(reply, Number(bytes));
    begun.push('large');
    reply.send('x'.repeat(Number(bytes)));
  }

  /** Two pieces and more, each with a wait for room before it. */
  @Get('pieces')
  pieces(@Query('name') name: string, @Query('bytes') bytes: string, @Res() reply: FastifyReply): void {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let piece = 1; piece <= PIECES; piece += 1) {
        yield await makePiece(reply, 2 * Number(bytes), () => {
          begun.push(`${name}${piece}`);
          return Promise.resolve(Buffer.alloc(Number(bytes), String(piece)));
        });
      }
    }
    reply.send(Readable.from(pieces(), { objectMode: false }));
  }

  @Get('unreserved')
  unreserved(@Query('bytes') bytes: string, @Res() reply: FastifyReply): void {
    begun.push('unreserved');
    reply.header('etag', '"of the large one"').send('x'.repeat(Number(bytes)));
  }

  /** Held while it is written, and sent as long as its reader lets it wait. */
  @Get('file')
  async file(@Query('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    await whileWriting(reply, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => held.set(name, resolve));
    });
    reply.send(Readable.from([TABLE], { objectMode: false }));
  }

  @Get('held')
  async held(@Query('name') name: string): Promise<string> {
    begun.push(name);
    await new Promise<void>((resolve) => held.set(name, resolve));
    return `held ${name}`;
  }
}

class QuietReport extends HealthReport {
  report(): Promise<{ status: 'ok'; reasons: [] }> {
    return Promise.resolve({ status: 'ok', reasons: [] });
  }
}

@Module({})
class AnswersModule {}

/** What clients may take of a process at once, as they meet it: over sockets, below every route. */
describe('admission', () => {
  let app: NestFastifyApplication;
  let url: string;
  let metrics: MetricsRegistry;
  const sockets: RawSocket[] = [];

  async function serve(limits: Partial<AdmissionLimits> = {}, settings: Record<string, string> = {}): Promise<void> {
    const logger = createLogger('silent', 'test');
    metrics = new MetricsRegistry();
    const { http } = loadConfig({ THROTTLE_LIMIT: '1000000', ...settings }, '/');
    const module: DynamicModule = {
      module: AnswersModule,
      imports: [
        ClockModule.forRoot(new SystemClock()),
        ObservabilityModule.forRoot(logger, metrics),
        HttpModule.forRoot({ http, healthReport: QuietReport }),
      ],
      controllers: [AnswersController],
    };
    app = await createHttpApp(module, { logger, metrics, http }, { ...ADMISSION_LIMITS, lookMs: 20, ...limits });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  async function open(reads = true): Promise<RawSocket> {
    const socket = await RawSocket.open(url, reads);
    sockets.push(socket);
    return socket;
  }

  async function metric(name: string): Promise<number> {
    const line = (await metrics.metrics()).split('\n').find((text) => text.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  }

  const underWay = (): Promise<number> => metric('csp_http_answer_bytes');
  const cut = (reason: string): Promise<number> => metric(`csp_http_connections_cut_total{reason="${reason}"}`);
  const becomes = async (what: string, probe: () => Promise<boolean>): Promise<void> => {
    await eventually(what, async () => ((await probe()) ? true : undefined));
  };

  /** As the process has them: one whose handle is lost is counted too. */
  const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

  beforeEach(() => {
    begun = [];
    held.clear();
  });

  /** Suites before this one in the same process may have left some. */
  const openBefore = openSockets();

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    for (const release of held.values()) release();
    await app.close();
    await becomes('no socket of either side is open', () => Promise.resolve(openSockets() <= openBefore));
  });

  describe('of requests', () => {
    it('should begin the next request of a connection when the answer before it is taken', async () => {
      await serve();
      const socket = await open();
      socket.send(['a', 'b', 'c'].map((name) => requestText(`/held?name=${name}`)).join(''));
      for (const [index, name] of ['a', 'b', 'c'].entries()) {
        await becomes(`${name} begins`, () => Promise.resolve(held.has(name)));
        expect(begun).toEqual(['a', 'b', 'c'].slice(0, index + 1));
        held.get(name)?.();
      }
      await socket.receives(/held a[^]*held b[^]*held c/);
    });

    it('should count a request that expects what nobody knows like any other', async () => {
      await serve();
      const socket = await open();
      socket.send(requestText('/held?name=first') + requestText('/small?name=second', { Expect: 'the unexpected' }));
      await becomes('the first begins', () => Promise.resolve(held.has('first')));
      expect(begun).toEqual(['first']);
      held.get('first')?.();
      expect(await socket.statuses(2)).toEqual([200, 200]);
      await socket.receives(/held first[^]*small second/);
    });

    it('should answer every request of a long pipeline, in its order', async () => {
      await serve();
      const names = Array.from({ length: 1_500 }, (_, index) => `n${index}`);
      const socket = (await open()).send(names.map((name) => requestText(`/small?name=${name}`)).join(''));
      await socket.statuses(names.length);
      expect([...socket.text.matchAll(/small (n\d+)/g)].map(([, name]) => name)).toEqual(names);
    });

    it.each([
      ['GET', 'GET'],
      ['HEAD', 'HEAD'],
      ['OPTIONS', 'OPTIONS'],
    ])('should drop what a connection sent ahead when it goes: %s', async (_name, method) => {
      await serve();
      const socket = await open();
      const ahead = Array.from({ length: 400 }, () => requestText('/small?name=ahead', {}, method));
      socket.send(requestText('/held?name=first') + ahead.join(''));
      await becomes('the first begins', () => Promise.resolve(held.has('first')));
      socket.disconnect();
      held.get('first')?.();
      await becomes('the connection is gone', async () => (await connections()) === 0);
      // Of a socket that is not read, the end is known from writing to it: to one request more at most.
      expect(begun.length).toBeLessThanOrEqual(2);
      expect(await underWay()).toBe(0);
    });

    it('should cut a connection that sends more ahead than the process has room for', async () => {
      await serve({ requestsUnhandled: 100 });
      const [polite, greedy] = [await open(), await open()];
      polite.send(requestText('/held?name=polite'));
      greedy.send(requestText('/held?name=greedy') + requestText('/small?name=x').repeat(101));
      await greedy.closed();
      await becomes('it is counted', async () => (await cut('too_many_requests')) === 1);
      held.get('polite')?.();
      await polite.receives(/held polite/);
      // Its places are free again.
      const other = (await open()).send(requestText('/small?name=y').repeat(90));
      await other.statuses(90);
    });

    it('should answer probes before what waits', async () => {
      await serve();
      for (let client = 0; client < 100; client += 1) {
        (await open()).send(requestText('/unreserved?bytes=60000').repeat(20));
      }
      expect((await rawRequest(`${url}/livez`)).status).toBe(200);
      expect(begun.length).toBeLessThan(2_000);
    });

    it('should keep a connection of HTTP/1.0 open when it is asked to, and close it otherwise', async () => {
      await serve();
      const kept = await open();
      const old = (path: string, connection: string): string => `GET ${path} HTTP/1.0\r\n${connection}\r\n`;
      kept.send(old('/small?name=a', 'Connection: keep-alive\r\n').repeat(3));
      await kept.statuses(3);
      expect(kept.isClosed).toBe(false);
      const closing = await open();
      closing.send(old('/small?name=b', ''));
      await closing.closed();
      expect(await closing.statuses(1)).toEqual([200]);
    });

    it('should let go of a connection whose client sends no more', async () => {
      await serve();
      const socket = await open();
      socket.send(requestText('/held?name=a') + requestText('/small?name=b').repeat(50));
      await becomes('the first begins', () => Promise.resolve(held.has('a')));
      socket.endSending();
      held.get('a')?.();
      await socket.closed();
      await becomes('the connection is gone', async () => (await connections()) === 0);
      expect(await underWay()).toBe(0);
    });
  });

  describe('of answers', () => {
    it('should hold up large answers while others are under way, and let small ones pass', async () => {
      await serve({ processBytes: HUGE, clientBytes: 2 * HUGE });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      const waiting = (await open()).send(requestText('/large?bytes=100000'));
      await becomes('the other waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      expect((await rawRequest(`${url}/small?name=passes`)).status).toBe(200);
      expect((await rawRequest(`${url}/unreserved?bytes=65536`)).body).toHaveLength(65_536);
      expect(waiting.text).toBe('');
      sockets[0]?.disconnect();
      expect(await waiting.statuses(1)).toEqual([200]);
      await becomes('nothing is under way', async () => (await underWay()) === 0);
    });

    it('should refuse what waits for too long, whether it is made or not', async () => {
      await serve({ processBytes: HUGE, clientBytes: 2 * HUGE, waitMs: 50 });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      for (const path of ['/large?bytes=100000', '/unreserved?bytes=100000']) {
        const { status, headers, body } = await rawRequest(`${url}${path}`);
        expect([path, status, headers['retry-after'], headers['etag']]).toEqual([path, 503, '30', undefined]);
        expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
        expect([headers['cache-control'], headers['access-control-allow-origin']]).toEqual(['no-store', '*']);
        expect(JSON.parse(body.toString())).toMatchObject({
          status: 503,
          code: 'SERVER.BUSY',
          instance: path.split('?')[0],
        });
      }
      expect(begun).toEqual(['large', 'unreserved']);
    });

    it('should name what is refused below the path that a proxy took off', async () => {
      await serve({ processBytes: HUGE, clientBytes: 2 * HUGE, waitMs: 50 }, { TRUST_PROXY_HOPS: '1' });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      for (const [prefix, named] of [
        ['/market', '/market'],
        ['/evil, /a/b/', '/a/b'],
        ['//evil.example', ''],
      ] as const) {
        const headers = { 'X-Forwarded-Prefix': prefix };
        for (const path of ['/large', '/unreserved']) {
          const { status, body } = await rawRequest(`${url}${path}?bytes=100000`, { headers });
          expect([status, JSON.parse(body.toString())]).toMatchObject([503, { instance: `${named}${path}` }]);
        }
      }
    });

    it('should bound each client, and let others past', async () => {
      await serve({ clientBytes: HUGE });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      (await open()).send(requestText('/large?bytes=100000'));
      await becomes('the other waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      expect(await metric('csp_http_answer_bytes')).toBe(HUGE);
    });

    it('should count a table once, however many read it', async () => {
      await serve({ processBytes: HUGE });
      for (let reader = 0; reader < 20; reader += 1) (await open(false)).send(requestText('/table'));
      await becomes('all read it', () => Promise.resolve(begun.length === 20));
      expect(await underWay()).toBe(HUGE);
      for (const socket of sockets) socket.disconnect();
      await becomes('nothing is under way', async () => (await underWay()) === 0);
    });

    it('should give what is large whole to a reader that stops now and then', async () => {
      await serve();
      const socket = (await open(false)).send(requestText('/table', { Connection: 'close' }));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      for (let piece = 0; piece < 10; piece += 1) await socket.readPiece();
      expect(socket.isClosed).toBe(false);
      await socket.closed();
      expect(socket.bytes.subarray(-HUGE).equals(TABLE)).toBe(true);
      await becomes('nothing is under way', async () => (await underWay()) === 0);
    });

    it('should take answers out of the count when their readers go before, while or after they are made', async () => {
      await serve({ processBytes: HUGE });
      const reader = (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      const waiting = (await open()).send(requestText('/large?bytes=100000'));
      await becomes('the other waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      waiting.disconnect();
      await becomes('none waits', async () => (await metric('csp_http_answers_waiting')) === 0);
      const late = (await open()).send(requestText('/held?name=late'));
      await becomes('it is made', () => Promise.resolve(held.has('late')));
      late.disconnect();
      await becomes('the server knows', async () => (await connections()) === 1);
      held.get('late')?.();
      reader.disconnect();
      await becomes('nothing is under way', async () => (await underWay()) === 0);
    });

    it('should count an answer of pieces as far as it is made, and make no piece without room', async () => {
      await serve({ processBytes: 2 * HUGE, clientBytes: 2 * HUGE });
      const slow = (await open(false)).send(requestText(`/pieces?name=slow&bytes=${HUGE}`));
      // One piece is written, and the next does not fit beside it.
      await becomes('the next piece waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      expect(begun).toEqual(['slow1']);
      expect(await underWay()).toBeLessThanOrEqual(HUGE);
      expect((await rawRequest(`${url}/small?name=passes`)).status).toBe(200);
      slow.disconnect();
      await becomes('nothing is under way', async () => (await underWay()) === 0);
      expect(await metric('csp_http_answers_waiting')).toBe(0);
      expect(begun).toEqual(['slow1', 'passes']);
    });

    it('should go on with the pieces of an answer as its reader takes those before', async () => {
      await serve({ processBytes: 2 * MEGABYTE, clientBytes: 2 * MEGABYTE });
      const readers = Array.from({ length: 8 }, (_, index) =>
        rawRequest(`${url}/pieces?name=${index}&bytes=${MEGABYTE}`),
      );
      const expected = Buffer.concat(
        Array.from({ length: PIECES }, (_, index) => Buffer.alloc(MEGABYTE, String(index + 1))),
      );
      for (const { status, body } of await Promise.all(readers)) {
        expect(status).toBe(200);
        expect(body.equals(expected)).toBe(true);
      }
      await becomes('nothing is under way', async () => (await underWay()) === 0);
    });

    it('should refuse an answer of pieces in words when there is no room for the first', async () => {
      await serve({ processBytes: HUGE, clientBytes: 2 * HUGE, waitMs: 50 });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      const { status, headers } = await rawRequest(`${url}/pieces?name=late&bytes=${MEGABYTE}`);
      expect([status, headers['retry-after']]).toEqual([503, '30']);
      expect(begun).toEqual(['large']);
    });

    it('should break an answer of pieces off when there is no room for a later one in time', async () => {
      await serve({ processBytes: 2 * HUGE, clientBytes: 2 * HUGE, waitMs: 50 });
      const slow = (await open(false)).send(requestText(`/pieces?name=slow&bytes=${HUGE}`));
      await becomes('nothing of it is under way', async () => begun.length > 0 && (await underWay()) === 0);
      await slow.closed();
      // No last chunk: nobody takes it for whole.
      expect(slow.text.endsWith('0\r\n\r\n')).toBe(false);
      expect(begun).toEqual(['slow1']);
    });

    it('should write few of those to files at once that are sent from one, and go on when one is written', async () => {
      await serve({ filesWritten: 1 });
      for (const name of ['a', 'b']) (await open(false)).send(requestText(`/file?name=${name}`));
      await becomes('the first is being written', () => Promise.resolve(held.has('a')));
      await becomes('the other waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      expect(begun).toEqual(['a']);
      held.get('a')?.();
      await becomes('the other is being written', () => Promise.resolve(held.has('b')));
    });

    it.each([
      ['in all', { files: 1, waitMs: 50 }],
      ['of a client', { clientFiles: 1, waitMs: 50 }],
    ])('should keep few files for readers, %s, and refuse others after a while', async (_name, limits) => {
      await serve(limits);
      const slow = (await open(false)).send(requestText('/file?name=slow'));
      await becomes('it is being written', () => Promise.resolve(held.has('slow')));
      held.get('slow')?.();
      const { status, headers } = await rawRequest(`${url}/file?name=late`);
      expect([status, headers['retry-after'], begun]).toEqual([503, '30', ['slow']]);
      slow.disconnect();
      await becomes('its place is free', async () => (await connections()) === 0);
      const next = (await open()).send(requestText('/file?name=next'));
      await becomes('the next is being written', () => Promise.resolve(held.has('next')));
      held.get('next')?.();
      expect(await next.statuses(1)).toEqual([200]);
    });

    it('should write no file for a reader who went while it waited', async () => {
      await serve({ filesWritten: 1 });
      (await open()).send(requestText('/file?name=first'));
      await becomes('the first is being written', () => Promise.resolve(held.has('first')));
      const gone = (await open()).send(requestText('/file?name=gone'));
      await becomes('the other waits', async () => (await metric('csp_http_answers_waiting')) === 1);
      gone.disconnect();
      await becomes('none waits', async () => (await metric('csp_http_answers_waiting')) === 0);
      held.get('first')?.();
      const next = (await open()).send(requestText('/file?name=next'));
      await becomes('the next is being written', () => Promise.resolve(held.has('next')));
      held.get('next')?.();
      expect([await next.statuses(1), begun]).toEqual([[200], ['first', 'next']]);
    });

    it('should cut a slow reader of a file while others wait for its place', async () => {
      await serve({ files: 1, slowReaderMs: 200, slowReaderBytesPerSecond: 1_000 * MEGABYTE });
      (await open(false)).send(requestText('/file?name=slow'));
      await becomes('it is being written', () => Promise.resolve(held.has('slow')));
      held.get('slow')?.();
      (await open()).send(requestText('/file?name=next'));
      await becomes('the next is being written', () => Promise.resolve(held.has('next')));
      expect(await cut('slow_reader')).toBe(1);
    });

    it('should say the length of a large answer to HEAD without a wait', async () => {
      await serve({ processBytes: HUGE });
      (await open(false)).send(requestText(`/large?bytes=${HUGE}`));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      const { status, headers, body } = await rawRequest(`${url}/unreserved?bytes=100000`, { method: 'HEAD' });
      expect([status, headers['content-length'], body.length]).toEqual([200, '100000', 0]);
    });
  });

  describe('of time', () => {
    it('should cut a reader that takes nothing, and none for whom nothing waits', async () => {
      await serve({ silentReaderMs: 300 });
      const idle = await open();
      idle.send(requestText('/held?name=idle'));
      const silent = (await open(false)).send(requestText('/table'));
      await becomes('it is cut', async () => (await cut('silent_reader')) === 1);
      await silent.closed();
      expect(await underWay()).toBe(0);
      expect(idle.isClosed).toBe(false);
      held.get('idle')?.();
      await idle.receives(/held idle/);
    });

    it('should cut a slow reader only while others wait for the room that it takes', async () => {
      await serve({ processBytes: HUGE, slowReaderMs: 200, slowReaderBytesPerSecond: 1_000 * MEGABYTE });
      const slow = (await open(false)).send(requestText('/table'));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      // Each piece takes longer than a look at the connection.
      for (let piece = 0; piece < 20; piece += 1) await slow.readPiece();
      expect([slow.isClosed, await cut('slow_reader')]).toEqual([false, 0]);
      expect((await rawRequest(`${url}/large?bytes=100000`)).status).toBe(200);
      await slow.closed();
      expect(await cut('slow_reader')).toBe(1);
    });

    it.each([
      ['says nothing', '', undefined],
      ['sends a head byte by byte', 'GET /small HTTP/1.1\r\nHost: test\r\nX-Slow: ', 'x'],
      ['sends empty lines', '', '\r\n'],
      ['stops within a body', requestText('/small', { 'Content-Length': '100' }, 'POST') + 'some', undefined],
      ['sends a body byte by byte', requestText('/small', { 'Content-Length': '100' }), 'x'],
      [
        'sends a chunked body byte by byte',
        requestText('/small', { 'Transfer-Encoding': 'chunked' }, 'PUT') + '64\r\n',
        'x',
      ],
    ])('should cut a client that %s', async (_what, start, drip) => {
      await serve({ headMs: 300, bodyMs: 300 });
      const socket = await open();
      socket.send(start);
      const dripping = drip === undefined ? undefined : setInterval(() => socket.send(drip), 50);
      try {
        await socket.closed();
      } finally {
        clearInterval(dripping);
      }
      expect(await underWay()).toBe(0);
    });

    it('should leave nothing open of clients that are cut while they are refused', async () => {
      await serve({ headMs: 200 });
      // Each is late for its head and for its request at the same look.
      const starts = ['', 'GET', 'GET /small HTTP/1.1\r\n', 'GET /small HTTP/1.1\r\nHost: test\r\n', '\r\n', 'no head'];
      const clients = await Promise.all(Array.from({ length: 60 }, () => open()));
      clients.forEach((client, index) => client.send(starts[index % starts.length] ?? ''));
      for (const client of clients) await client.closed();
      await becomes('the server forgets them', async () => (await connections()) === 0);
      for (const client of clients) client.disconnect();
      await becomes('no socket is open', () => Promise.resolve(openSockets() <= openBefore));
      expect(await cut('no_request')).toBeLessThanOrEqual(clients.length);
    });

    it('should cut a kept connection that sends nothing but empty lines', async () => {
      await serve({ headMs: 200, keepAliveMs: 200 });
      const socket = (await open()).send(requestText('/small?name=a'));
      await socket.statuses(1);
      const dripping = setInterval(() => socket.send('\r\n'), 50);
      try {
        await socket.closed();
      } finally {
        clearInterval(dripping);
      }
      expect(await cut('no_request')).toBe(1);
    });

    it('should not let a slow reader hold up the end of the process', async () => {
      await serve({ leavingMs: 100 });
      const silent = (await open(false)).send(requestText('/table'));
      await becomes('it is under way', async () => (await underWay()) === HUGE);
      await app.close();
      await silent.closed();
      expect(await cut('stopping')).toBe(1);
    });
  });

  async function connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      app.getHttpServer().getConnections((error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }
});
