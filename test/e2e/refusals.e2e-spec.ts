import { eventually } from '../support/app-process';
import { getAll, getJson } from '../support/http';
import { Stack } from '../support/stack';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
}

const TICKERS = '/api/v3/ticker/24hr';
const INVALID_SYMBOL = { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } };

/** What an operator sees of an exchange that refuses, in the process that captures and serves. */
describe('an exchange that refuses', () => {
  let stack: Stack;
  let api: string;

  beforeEach(async () => {
    stack = new Stack({ CLOCK: 'simulator', POLL_INTERVAL_SECONDS: '5', BACKFILL_DAYS: '0', LOG_LEVEL: 'warn' });
    await stack.startSimulator(['--clock-factor', '20']);
    api = await stack.urlOf('standalone-app');
  });

  afterEach(async () => {
    await stack.close();
  });

  const health = (): Promise<Health> => getJson<Health>(`${api}/health`);

  /** Waits for a reason of the health, and collects what its status was meanwhile. */
  async function reason(pattern: RegExp, seen: Set<string>): Promise<void> {
    await eventually(`/health says ${String(pattern)}`, async () => {
      const { status, reasons } = await health();
      seen.add(status);
      if (reasons.some((text) => pattern.test(text))) return true;
      throw new Error(reasons.join('\n'));
    });
  }

  const newest = async (symbol: string): Promise<string | undefined> =>
    (await getAll<{ symbol: string; timestamp_utc: string }>(api, `/trades/latest?symbols=${symbol}`))[0]
      ?.timestamp_utc;

  async function isCapturedAgain(...symbols: readonly string[]): Promise<void> {
    for (const symbol of symbols) {
      // There is no database before the first price.
      const before = await eventually('the store can be read', () => newest(symbol).then((time) => time ?? ''));
      await eventually(`a newer price of ${symbol}`, async () =>
        (await newest(symbol)) === before ? undefined : true,
      );
    }
  }

  it('should capture all names but an unknown one, and never be well before that one is named', async () => {
    const app = await stack.start('standalone-app', { SYMBOLS: 'BTCUSDT,OLDUSDT,ETHUSDT' });
    const seen = new Set<string>();
    for (const asked of ['tickers', 'candles', 'first minutes']) {
      await reason(new RegExp(`${asked} of OLDUSDT: refused \\(.*-1121.*asked for again at 20`), seen);
    }
    await isCapturedAgain('BTCUSDT', 'ETHUSDT');
    await eventually('minutes of the others', async () => {
      const latest = await getJson<{ symbols: { symbol: string; last_minute: string | null }[] }>(`${api}/health`);
      const captured = latest.symbols.filter(({ last_minute: minute }) => minute !== null).map(({ symbol }) => symbol);
      return captured.sort().join() === 'BTCUSDT,ETHUSDT' ? true : undefined;
    });
    seen.add((await health()).status);
    expect([...seen]).toEqual(['degraded']);
    const metrics = await (await fetch(`${api}/metrics`)).text();
    expect(metrics).toMatch(/^csp_refused\{.*asked="tickers".*\} 1$/m);
    expect(metrics).toMatch(/^csp_refusals_total\{.*asked="tickers",failure="unknown_symbol".*\} [1-9]\d*$/m);
    expect(await app.stop()).toBe(0);
  });

  it('should say at once that valid names are refused as unknown, even at the start, and go on when that ends', async () => {
    await stack.setFaults([{ kind: 'status', route: TICKERS, ...INVALID_SYMBOL }]);
    const app = await stack.start('standalone-app', { SYMBOLS: 'BTCUSDT,ETHUSDT' });
    const seen = new Set<string>();
    await reason(/tickers of BTCUSDT, ETHUSDT: refused \(.*-1121 Invalid symbol\..*asked for again at 20/, seen);
    expect([...seen]).toEqual(['degraded']);
    await stack.setFaults([]);
    await isCapturedAgain('BTCUSDT', 'ETHUSDT');
    await eventually('/health is ok', async () => ((await health()).status === 'ok' ? true : undefined));
    expect(await app.stop()).toBe(0);
  });

  it('should ask the only address again five minutes after a 451', async () => {
    const app = await stack.start('standalone-app', { SYMBOLS: 'BTCUSDT,ETHUSDT' });
    await isCapturedAgain('BTCUSDT', 'ETHUSDT');
    await stack.setFaults([{ kind: 'geo-block', times: 1 }]);
    await reason(/the exchange is geo blocked \(.*not asked again until 20/, new Set());
    await isCapturedAgain('BTCUSDT', 'ETHUSDT');
    await eventually('/health is ok', async () => ((await health()).status === 'ok' ? true : undefined));
    expect(await app.stop()).toBe(0);
  });
});
