import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpGet, pause } from './http-get';

const LIMITS = { timeoutMs: 5_000, maxBodyBytes: 10_000 };

describe('httpGet', () => {
  let server: Server | undefined;

  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  afterEach(async () => {
    const closing = server;
    server = undefined;
    if (!closing) return;
    closing.closeAllConnections();
    closing.close();
    await once(closing, 'close');
  });

  it('should return status, headers and the decompressed text', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'x-mbx-used-weight-1m': '7' }).end(gzipSync('"币安"'));
    });
    const answer = await httpGet(url, LIMITS);
    expect(answer).toMatchObject({ status: 200, text: '"币安"' });
    expect(answer.headers.get('x-mbx-used-weight-1m')).toBe('7');
  });

  it('should use connections again', async () => {
    let connections = 0;
    const url = await serve((_request, response) => response.end('{}'));
    server?.on('connection', () => (connections += 1));
    for (let request = 0; request < 10; request += 1) await httpGet(url, LIMITS);
    expect(connections).toBeLessThan(5);
  });

  it('should give up on a body that does not end', async () => {
    const url = await serve((_request, response) => response.write('['));
    await expect(httpGet(url, { ...LIMITS, timeoutMs: 100 })).rejects.toMatchObject({ failure: 'timeout' });
  });

  it('should give up on a server that does not answer', async () => {
    const url = await serve(() => undefined);
    await expect(httpGet(url, { ...LIMITS, timeoutMs: 100 })).rejects.toMatchObject({ failure: 'timeout' });
  });

  it('should notice a body that is cut', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('[1,2');
      setImmediate(() => response.destroy());
    });
    await expect(httpGet(url, LIMITS)).rejects.toMatchObject({ failure: 'cut_body' });
  });

  it('should not read more than the limit, compressed or not', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(1_000_000)));
    });
    await expect(httpGet(url, LIMITS)).rejects.toMatchObject({ failure: 'oversized_body' });
  });

  it('should refuse text that is not UTF-8', async () => {
    const url = await serve((_request, response) => response.end(Buffer.from([0x22, 0xff, 0x22])));
    await expect(httpGet(url, LIMITS)).rejects.toMatchObject({ failure: 'unreadable_body' });
  });

  it('should not follow a redirect', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    await expect(httpGet(url, LIMITS)).rejects.toMatchObject({ failure: 'connection' });
  });

  it('should report a refused connection', async () => {
    const url = await serve(() => undefined);
    server?.close();
    await expect(httpGet(url, LIMITS)).rejects.toMatchObject({
      failure: 'connection',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('should know an error status although its body is cut', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(429, { 'content-length': '100', 'retry-after': '17' });
      response.write('{');
      setImmediate(() => response.destroy());
    });
    const answer = await httpGet(url, LIMITS);
    expect(answer).toMatchObject({ status: 429, text: '' });
    expect(answer.headers.get('retry-after')).toBe('17');
  });

  it("should throw the caller's reason when the caller aborts", async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const url = await serve(() => {
      controller.abort(reason);
    });
    await expect(httpGet(url, { ...LIMITS, signal: controller.signal })).rejects.toBe(reason);
    await expect(httpGet(url, { ...LIMITS, signal: controller.signal })).rejects.toBe(reason);
    await expect(pause(60_000, controller.signal)).rejects.toBe(reason);
  });
});
