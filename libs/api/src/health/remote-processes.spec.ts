import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { askProcess } from './remote-processes';

describe('askProcess', () => {
  let server: Server | undefined;

  afterEach(async () => {
    if (!server) return;
    server.close();
    await once(server, 'close');
    server = undefined;
  });

  async function ask(answer: string): Promise<ReturnType<typeof askProcess>> {
    const sockets: { destroy: () => void }[] = [];
    const listening = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      if (answer !== '') socket.end(answer);
    }).listen(0, '127.0.0.1');
    server = listening;
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    const summary = await askProcess({ name: 'ingest', url: `http://127.0.0.1:${port}` });
    for (const socket of sockets) socket.destroy();
    return summary;
  }

  it('should tell one that stands still from one that is not there', async () => {
    expect(await ask('')).toEqual({
      state: 'unknown',
      detail: 'takes connections and does not answer: it stands still, or has too much to do',
      hangs: true,
    });
    expect(await askProcess({ name: 'ingest', url: 'http://127.0.0.1:1' })).toEqual({
      state: 'unknown',
      detail: 'gave no readable answer within 500 ms',
    });
  });

  it('should take what a process says of itself, and nothing else for it', async () => {
    const body = '{"status":"degraded","reasons":["the exchange is unreachable"]}';
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    expect(await ask(`${head}${body}`)).toMatchObject({ state: 'degraded', detail: 'the exchange is unreachable' });
    expect(await ask('HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')).toEqual({
      state: 'unknown',
      detail: 'gave no readable answer within 500 ms',
    });
  });
});
