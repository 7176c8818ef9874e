import { Agent, request } from 'node:http';
import { eventually } from '../support/app-process';
import { getCsv } from '../support/http';
import { rawRequest } from '../support/raw-request';
import { Stack } from '../support/stack';

const CLIENTS = 20;
/** From light to heavy, so that some are under way whenever the signal comes. */
const PATHS = ['/candles?limit=5000', '/bi/daily_ohlc.csv', '/health', '/trades/latest'];

interface Asked {
  readonly answered: Promise<number>;
  readonly sent: boolean;
}

describe('stopping under load', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '4', LOG_LEVEL: 'warn' });

  afterAll(async () => {
    await stack.close();
  });

  /** Keeps a client asking over one connection; the last question tells how it ended. */
  function client(url: string, index: number): { readonly current: () => Asked; readonly count: () => number } {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { hostname, port } = new URL(url);
    let current: Asked = { answered: Promise.resolve(0), sent: false };
    let count = 0;
    const ask = (): void => {
      const asked = { sent: false, answered: Promise.resolve(0) };
      asked.answered = new Promise<number>((resolve, reject) => {
        const path = PATHS[(index + count) % PATHS.length];
        const outgoing = request({ hostname, port, path, agent }, (incoming) => {
          incoming.resume().on('end', () => {
            count += 1;
            if (incoming.complete) resolve(incoming.statusCode ?? 0);
            else reject(new Error('cut short'));
            ask();
          });
        });
        outgoing.on('finish', () => {
          asked.sent = true;
        });
        outgoing.on('error', reject).end();
      });
      asked.answered.catch(() => undefined);
      current = asked;
    };
    ask();
    return { current: () => current, count: () => count };
  }

  it('should answer what is under way, lose nothing and exit 0 (35)', async () => {
    await stack.startSimulator();
    const app = await stack.start('standalone-app');
    const api = await stack.urlOf('standalone-app');
    await eventually('something is served', async () => (await getCsv(`${api}/bi/latest_prices.csv`))[0]);

    // A table that changed has another ETag.
    const etag = async (): Promise<unknown> =>
      (await rawRequest(api, { path: '/bi/latest_prices.csv' })).headers['etag'];
    const before = await etag();
    await eventually('the next poll changes the ETag', async () => ((await etag()) === before ? undefined : true));

    const clients = Array.from({ length: CLIENTS }, (_, index) => client(api, index));
    await eventually('all clients are busy', () =>
      Promise.resolve(clients.every(({ count }) => count() > 3) ? true : undefined),
    );
    const underWay = clients.flatMap(({ current }) => current()).filter((asked) => asked.sent);
    app.signal('SIGTERM');
    expect(underWay.length).toBeGreaterThan(0);
    const statuses = await Promise.all(underWay.map(({ answered }) => answered));
    expect(statuses).toEqual(statuses.map(() => 200));
    expect(await app.exited()).toBe(0);
    expect(app.output).not.toContain('"level":"error"');
  });

  it.each(['standalone-app', 'ingest-app', 'api-app', 'consumer-app'] as const)(
    'should end %s at SIGHUP, as a closed terminal sends it, like at SIGTERM',
    async (name) => {
      // The consumer finds no broker.
      const broker = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };
      const app = await stack.start(name, {
        LOG_LEVEL: 'info',
        ...(name === 'consumer-app' ? { BROKER_MODE: 'kafka' } : {}),
        ...broker,
      });
      app.signal('SIGHUP');
      expect(await app.exited()).toBe(0);
      expect(app.output).toMatch(/"signal":"SIGHUP".*"stopping"[^]*"stopped"/);
    },
  );

  it('should end the simulator at SIGHUP like at SIGTERM', async () => {
    const other = new Stack();
    try {
      const { process } = await other.startSimulator();
      expect(await process.stop('SIGHUP')).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('should take the doubled Ctrl-C of a terminal and npm as one', async () => {
    const app = await stack.start('standalone-app');
    app.signal('SIGINT');
    app.signal('SIGINT');
    app.signal('SIGTERM');
    expect(await app.exited()).toBe(0);
  });
});
