import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { exchangeKlines } from '../support/exchange-klines';
import { getAll, getCsv, getJson, type ListPage } from '../support/http';
import { marketAt, Stack } from '../support/stack';

const DAY_MS = 86_400_000;
/** It is noon when the test begins, so that no date changes under it. */
const TODAY = '2026-11-20';
const TOMORROW = '2026-11-21';

interface PriceItem {
  readonly timestamp_utc: string;
  readonly symbol: string;
}

/** What a stranger sees in his first minutes, on whichever Node the apps are shipped with. */
describe('smoke', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,ETHUSDT',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '1',
    BACKFILL_DAYS: '30',
  });
  let api: string;
  let app: AppProcess;

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(`${TODAY}T12:00:30Z`))]);
    app = await stack.start('standalone-app');
    api = await stack.urlOf('standalone-app');
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should serve prices that grow with each poll, and the same lines in bronze', async () => {
    const count = async (): Promise<number> =>
      (await getJson<ListPage<PriceItem>>(`${api}/trades/latest?limit=5000`)).data.length;
    const before = await eventually('the first poll is served', async () => (await count()) || undefined);
    await eventually('two more polls are served', async () => ((await count()) >= before + 4 ? true : undefined));

    const served = await getAll<PriceItem>(api, `/trades/range?start=${TODAY}&end=${TOMORROW}`);
    const files = readdirSync(stack.rawDir).filter((name) => name.startsWith('crypto_prices_'));
    const lines = files.flatMap((name) => readFileSync(join(stack.rawDir, name), 'utf8').trimEnd().split('\n'));
    expect(lines.slice(0, served.length)).toEqual(served.map((item) => JSON.stringify(item)));
    for (const { timestamp_utc: time } of served) {
      expect(time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+00:00$/);
    }
  });

  it('should serve complete days that equal the klines of the exchange digit for digit', async () => {
    const rows = await eventually('30 days are final', async () => {
      const found = await getCsv(`${api}/bi/daily_ohlc.csv?symbol=BTCUSDT&days=30`);
      return found.filter(({ is_final: isFinal }) => isFinal === 'true').length === 29 ? found : undefined;
    });
    const volumes = await getCsv(`${api}/bi/daily_volume.csv?symbol=BTCUSDT&days=30`);
    const today = Date.parse(TODAY);
    const klines = await exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1d', today - 29 * DAY_MS, today);
    expect(klines).toHaveLength(29);
    expect(rows.slice(0, 29)).toEqual(
      klines.map(([openTime, open, high, low, close]) => ({
        date: new Date(openTime).toISOString().slice(0, 10),
        symbol: 'BTCUSDT',
        open,
        high,
        low,
        close,
        is_final: 'true',
        source: 'kline',
      })),
    );
    expect(
      volumes.slice(0, 29).map(({ volume, quote_volume: quote, trade_count: count }) => [volume, quote, count]),
    ).toEqual(klines.map((row) => [row[5], row[7], String(row[8])]));
  });

  it('should answer every page that it links', async () => {
    await app.answers(`${api}/readyz`);
    for (const path of [
      '/',
      '/health',
      '/livez',
      '/readyz',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/symbols',
      '/trades/latest',
      '/candles',
      '/coverage',
      '/bi/daily_ohlc.csv',
      '/bi/daily_volume.csv',
      '/bi/latest_prices.csv',
      '/bi/hourly_ohlcv.csv',
      '/bi/daily_metrics.csv',
      '/bi/data_quality.csv',
      '/bi/symbols.csv',
      '/bi/datasets.json',
      '/daily-metrics',
    ]) {
      const response = await fetch(`${api}${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      await response.arrayBuffer();
    }
  });

  it('should refuse a second capture owner in words', async () => {
    const second = await stack.launch('standalone-app', { PORT: '0', INGEST_STATE_DIR: join(stack.folder, 'second') });
    expect(await second.exited()).toBe(1);
    expect(second.output).toContain('another process captures into this store already');
  });

  it('should end cleanly on SIGTERM and go on where it was', async () => {
    expect(await app.stop('SIGTERM')).toBe(0);
    const [bronze] = readdirSync(stack.rawDir).filter((name) => name.startsWith('crypto_prices_'));
    const before = readFileSync(join(stack.rawDir, String(bronze)), 'utf8');
    expect(before.endsWith('\n')).toBe(true);

    app = await stack.start('standalone-app');
    const lines = await eventually('new polls follow the old ones', async () => {
      await app.answers(`${api}/readyz`);
      const after = readFileSync(join(stack.rawDir, String(bronze)), 'utf8');
      return after.length > before.length ? after : undefined;
    });
    expect(lines.startsWith(before)).toBe(true);
  });
});
