import { eventually } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { getJson } from '../support/http';
import { NetworkLink } from '../support/network-link';

interface CoverageRange {
  readonly state: string;
}

/** The way to the exchange: what the market did meanwhile is fetched afterwards, and no process ends. */
describe('the network to the exchange', () => {
  let load: CaptureLoad;
  let link: NetworkLink;

  async function prepare(app: 'ingest-app' | 'standalone-app'): Promise<void> {
    load = new CaptureLoad(app);
    await load.startExchange();
    await connect();
  }

  /** A market in real time that is polled as often as by default: nothing is due until the next minute. */
  async function prepareAtDefaults(app: 'ingest-app' | 'standalone-app'): Promise<void> {
    load = new CaptureLoad(app, { POLL_INTERVAL_SECONDS: '60', BACKFILL_DAYS: '0' });
    await load.startExchange(Date.parse('2026-11-20T12:00:21Z'), [], 1);
    await connect();
  }

  async function connect(): Promise<void> {
    link = await NetworkLink.start(await load.stack.port('exchange-simulator'));
  }

  afterEach(async () => {
    await load.close();
    await link.close();
  });

  async function start(): ReturnType<CaptureLoad['launch']> {
    const app = await load.launch({ BINANCE_REST_URLS: link.url });
    await load.ready(true);
    return app;
  }

  /** Starts it, and waits until it asks the exchange nothing any more. */
  async function startAndRest(): ReturnType<CaptureLoad['launch']> {
    const app = await start();
    const url = `${await load.stack.urlOf(load.app)}/health`;
    await eventually('no job runs', async () => {
      const text = await (await fetch(url)).text();
      return !text.includes('"state":"running"') || undefined;
    });
    return app;
  }

  async function expectAllMinutes(): Promise<void> {
    await load.minutesUntil((await load.stack.marketTime()) * 1_000);
    const url = await load.stack.urlOf('standalone-app');
    await eventually('no minute is missing', async () => {
      const { data } = await getJson<{ data: CoverageRange[] }>(`${url}/coverage?symbol=BTCUSDT&limit=5000`);
      return data.every(({ state }) => state !== 'missing') || undefined;
    });
    expect(await load.metric('csp_events_lost_total')).toBe(0);
  }

  async function fail(state: 'cut' | 'silent' | 'lost'): Promise<void> {
    if (state === 'lost') await link.lose();
    else link.set(state);
  }

  async function mend(state: 'cut' | 'silent' | 'lost'): Promise<void> {
    if (state === 'lost') await link.find();
    else link.set('up');
  }

  const WAYS = [
    ['cut', 'cut'],
    ['silent: nothing is refused, and nothing passes', 'silent'],
    ['losing packets: requests for connections are not answered', 'lost'],
  ] as const;

  it.each(WAYS)('should be told of, and be over, within seconds between two polls when it is %s', async (_, state) => {
    await prepareAtDefaults('standalone-app');
    const app = await startAndRest();
    await fail(state);
    await load.tells(
      true,
      /"exchange":\{"ok":true,"detail":"the exchange is unreachable \(.*\); capture goes on/,
      /^standalone: degraded, the exchange is unreachable \(.*\); capture goes on/,
    );
    await mend(state);
    await load.tellsOfExchangeNoLonger();
    expect(app.isRunning).toBe(true);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
  });

  it('should make a process that only captures not ready, and ready again, within seconds between two polls', async () => {
    await prepareAtDefaults('ingest-app');
    const app = await startAndRest();
    link.set('silent');
    await load.tells(
      false,
      /"exchange":\{"ok":false,"detail":"the exchange is unreachable \(.*\); capture goes on/,
      /^the exchange is unreachable \(.*\); capture goes on/,
    );
    link.set('up');
    await load.tellsOfExchangeNoLonger();
    // Ended while a question is not answered, it says nothing and does not wait for the answer.
    link.set('silent');
    const errors = app.output.match(/"level":"(error|fatal)"/g) ?? [];
    expect(await app.stop()).toBe(0);
    expect(app.output.match(/"level":"(error|fatal)"/g) ?? []).toEqual(errors);
  });

  it.each(WAYS)('should be told of and waited out when it is %s', async (_, state) => {
    await prepare('standalone-app');
    const app = await start();
    await fail(state);
    await load.tells(
      true,
      /"exchange":\{"ok":true,"detail":"the exchange is unreachable \(.*\); capture goes on/,
      /^standalone: degraded, the exchange is unreachable \(.*\); capture goes on/,
    );
    expect(app.isRunning).toBe(true);
    await mend(state);
    await load.healthIsOk();
    await expectAllMinutes();
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(8);
  });

  it.each([
    ['cut', 'cut'],
    ['silent', 'silent'],
  ] as const)('should make a process that only captures not ready while it is %s', async (_, state) => {
    await prepare('ingest-app');
    const app = await start();
    link.set(state);
    await load.tells(
      false,
      /"exchange":\{"ok":false,"detail":"the exchange is unreachable \(.*\); capture goes on/,
      /^the exchange is unreachable \(.*\); capture goes on/,
    );
    expect((await fetch(`${await load.stack.urlOf('ingest-app')}/livez`)).status).toBe(200);
    link.set('up');
    await load.ready(true);
    await load.minutesUntil((await load.stack.marketTime()) * 1_000);
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(8);
  });

  it('should bring everything in when it is slow', async () => {
    await prepare('standalone-app');
    const app = await start();
    link.set({ delayMs: 700 });
    await load.morePolls(5);
    expect(app.isRunning).toBe(true);
    link.set('up');
    await load.healthIsOk();
    await expectAllMinutes();
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(1);
  });
});
