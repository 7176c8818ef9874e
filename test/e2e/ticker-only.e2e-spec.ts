import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/app-process';
import { getAll, getCsv, getJson } from '../support/http';
import { Stack } from '../support/stack';

const DAY_MS = 86_400_000;
const LONGEST_TEST_MS = 300_000;

/** An exchange of which nothing but `/api/v3/ticker/24hr` is there: every other path is a 404. */
describe('an exchange that knows tickers only', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT,PEPEUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '2' });

  // Such an exchange tells no time, so the real clock it is; a date that ends under the test would give another row.
  beforeAll(async () => {
    const left = DAY_MS - (Date.now() % DAY_MS);
    if (left < LONGEST_TEST_MS) await delay(left);
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should still serve prices and BI tables, with source ticker', async () => {
    await stack.startSimulator(['--only', 'ticker']);
    const app = await stack.start('standalone-app');
    const api = await stack.urlOf('standalone-app');

    const events = await eventually('three polls are served', async () => {
      const page = await getAll<{ symbol: string; lastPrice: string }>(api, '/trades/latest?symbols=BTCUSDT,PEPEUSDT');
      return page.length >= 6 ? page : undefined;
    });
    expect(new Set(events.map(({ symbol }) => symbol))).toEqual(new Set(['BTCUSDT', 'PEPEUSDT']));

    const bars = await getCsv(`${api}/bi/daily_ohlc.csv?days=2`);
    expect(bars.map(({ symbol, source, is_final: isFinal }) => [symbol, source, isFinal])).toEqual([
      ['BTCUSDT', 'ticker', 'false'],
      ['PEPEUSDT', 'ticker', 'false'],
    ]);
    const volumes = await getCsv(`${api}/bi/daily_volume.csv?symbol=PEPEUSDT&days=2`);
    expect(volumes).toHaveLength(1);
    expect(volumes[0]).toMatchObject({ quote_volume: '', trade_count: '', source: 'ticker' });
    const latest = await getCsv(`${api}/bi/latest_prices.csv`);
    expect(latest.map(({ symbol, source }) => [symbol, source])).toEqual([
      ['BTCUSDT', 'ticker'],
      ['PEPEUSDT', 'ticker'],
    ]);

    // What a process says of itself reaches the store every ten seconds.
    await eventually('health says that tickers are well', async () => {
      const { processes } = await getJson<{
        processes: { standalone?: { status?: { tickers: { state: string } } } };
      }>(`${api}/health`);
      return processes.standalone?.status?.tickers.state === 'ok' ? true : undefined;
    });
    expect(await app.stop()).toBe(0);
  });
});
