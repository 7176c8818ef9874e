import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { getJson } from '../support/http';
import { Stack } from '../support/stack';

describe('starting under bad conditions', () => {
  const stack = new Stack();

  afterAll(async () => {
    await stack.close();
  });

  it.each(['api-app', 'ingest-app', 'standalone-app'] as const)(
    'should stop the start of %s with one readable message for a wrong configuration',
    async (name) => {
      const app = await stack.launch(name, { POLL_INTERVAL_SECONDS: 'often', SYMBOLS: 'BTC/USDT' });
      expect(await app.exited()).toBe(2);
      expect(app.output).toContain(
        'POLL_INTERVAL_SECONDS="often" is not allowed; expected a whole number from 1 to 86400',
      );
      expect(app.output).toContain('SYMBOLS="BTC/USDT" is not allowed');
      expect(app.output).not.toContain(' at ');
    },
  );

  it.each([
    ['STORAGE_PATH', '/proc/nowhere/app.db'],
    ['RAW_DIR', '/proc/nowhere/raw'],
    ['INGEST_STATE_DIR', '/proc/nowhere/ingest'],
  ])('should stop the start when the folder of %s cannot be made', async (name, path) => {
    const app = await stack.launch('standalone-app', { [name]: path });
    expect(await app.exited()).toBe(1);
    expect(app.output).toContain(`${name}="${path}": the folder cannot be made (`);
  });

  it.each(['api-app', 'ingest-app', 'standalone-app', 'cli'] as const)(
    'should stop the start of %s where docker run --env-file left quotes or a line end, and make no folder',
    async (name) => {
      const cwd = mkdtempSync(join(stack.folder, 'cwd-'));
      const wrong = { STORAGE_PATH: '"data/app.db"', RAW_DIR: 'data/raw\r' };
      const args = name === 'cli' ? ['gaps'] : [];
      const app = await stack.launch(name, wrong, args, { cwd });
      expect(await app.exited()).toBe(2);
      expect(app.output).toContain('STORAGE_PATH="\\"data/app.db\\"" is not allowed; expected a value without quotes');
      expect(app.output).toContain('RAW_DIR="data/raw\\r" is not allowed; expected a value without control');
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  it('should say that a port is taken', async () => {
    await stack.startSimulator();
    const port = await stack.port('exchange-simulator');
    const app = await stack.launch('api-app', { PORT: String(port) });
    expect(await app.exited()).toBe(1);
    expect(app.output).toContain(`port ${port} is in use`);
  });

  it.each(['192.0.2.1', 'no host'])('should say that HOST=%s is not this machine', async (host) => {
    const app = await stack.launch('api-app', { HOST: host });
    expect(await app.exited()).toBe(1);
    expect(app.output).toContain(`HOST="${host}" is not an address of this machine`);
  });

  it('should go on serving and trying when the exchange cannot be reached, and say so', async () => {
    const unreachable = new Stack({ SYMBOLS: 'BTCUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '0' });
    const port = await unreachable.port('exchange-simulator');
    try {
      unreachable.exchangeUrl = `http://127.0.0.1:${port}`;
      const app = await unreachable.start('standalone-app');
      const api = await unreachable.urlOf('standalone-app');
      const health = await eventually('health names the reason', async () => {
        const answer = await getJson<{
          status: string;
          reasons: string[];
          processes: { standalone?: { status?: { exchange: { state: string } } } };
        }>(`${api}/health`);
        return answer.processes.standalone?.status?.exchange.state === 'unreachable' ? answer : undefined;
      });
      expect(health.status).toBe('degraded');
      expect(health.reasons.join('\n')).toMatch(
        /the exchange is unreachable \(.*\); capture goes on trying; `make demo`/,
      );
      /** What it said about the exchange, a warning when it goes and a line when it comes: no poll says it again. */
      const said = (): string[] => {
        const lines = app.output.split('\n').filter((line) => /"level":"warn"|"msg":"the exchange answers/.test(line));
        return lines.map((line) => (line.includes('"msg":"the exchange answers') ? 'answers' : line));
      };
      await eventually('the warning is read', () => Promise.resolve(said()[0]));
      expect(said()).toEqual([expect.stringMatching(/the exchange cannot be reached.*retrying; `make demo` runs/)]);
      const empty = await fetch(`${api}/bi/daily_ohlc.csv?symbol=BTCUSDT`);
      expect([empty.status, await empty.text()]).toEqual([200, 'date,symbol,open,high,low,close,is_final,source\r\n']);

      await unreachable.startSimulator();
      await eventually('prices come in once the exchange is there', async () => {
        const { data } = await getJson<{ data: unknown[] }>(`${api}/trades/latest`);
        return data[0];
      });
      await eventually('health is well again', async () => {
        const { reasons } = await getJson<{ reasons: string[] }>(`${api}/health`);
        return reasons.some((reason) => reason.includes('exchange')) ? undefined : true;
      });
      expect(await app.stop()).toBe(0);
      // Once each time: on a machine that stands still for long, the exchange may seem to be away once more.
      const inTurn = [expect.stringContaining('cannot be reached') as string, 'answers'];
      expect(said()).toEqual(said().map((_, index) => inTurn[index % 2]));
      expect(said().length).toBeGreaterThanOrEqual(2);
    } finally {
      await unreachable.close();
    }
  });

  it('should refuse data of another origin and keep what is there', async () => {
    const mixed = new Stack({ BACKFILL_DAYS: '0', POLL_INTERVAL_SECONDS: '1', SYMBOLS: 'BTCUSDT', CAPTURE: 'tickers' });
    try {
      const first = await mixed.startSimulator(['--seed', '1']);
      let app = await mixed.start('standalone-app');
      const api = await mixed.urlOf('standalone-app');
      const count = async (): Promise<number> =>
        (await getJson<{ data: unknown[] }>(`${api}/trades/latest?limit=5000`)).data.length;
      await eventually('something is stored', async () => ((await count()) > 0 ? true : undefined));
      await app.stop();
      await first.process.stop();

      await mixed.startSimulator(['--seed', '2']);
      app = await mixed.start('standalone-app');
      const stored = await count();
      await eventually('health says that the data is refused', async () => {
        const text = JSON.stringify(await getJson(`${api}/health`));
        return text.includes('simulator:2') && text.includes('refused') ? true : undefined;
      });
      expect(await count()).toBe(stored);
      expect(await app.stop()).toBe(0);
    } finally {
      await mixed.close();
    }
  });
});
