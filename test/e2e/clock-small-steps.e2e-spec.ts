import { eventually } from '../support/app-process';
import { exchangeKlines } from '../support/exchange-klines';
import type { ListPage } from '../support/http';
import { describeClockSteps } from '../support/set-clock';
import { clockOf, SetClockPlatform } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const APP = 'standalone-app';

/** What NTP does all the time, so in real time: a fast market would make it large. */
describeClockSteps('a process whose clock is set by less than two seconds', () => {
  const platform = new SetClockPlatform({ factor: 1, settings: { POLL_INTERVAL_SECONDS: '1' } });

  afterAll(() => platform.close());

  async function minutes(): Promise<number[]> {
    const { data } = await platform.answers<ListPage<{ open_time: string }>>('/candles?symbol=BTCUSDT&interval=1m');
    return data.map(({ open_time: time }) => Date.parse(time));
  }

  it('goes on capturing by its own clock, and nothing is called wrong', async () => {
    await platform.startExchange();
    await platform.start(APP);
    const first = await eventually('a minute is served', async () => (await minutes())[0]);
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
    const began = await platform.stack.marketTime();
    for (const ahead of [1_900, 0, -1_900, 1_900, -1_900]) {
      platform.setClock(APP, ahead);
      const since = await platform.stack.marketTime();
      await platform.pricesSince('BTCUSDT', since + 2_000, 3);
      const health = await platform.health();
      expect(['ok', 'skewed']).toContain(clockOf(health, 'standalone'));
      expect(health.status).toBe('ok');
    }
    const last = Math.floor(began / MINUTE_MS) * MINUTE_MS;
    const stored = await eventually('the minute of the steps is served', async () => {
      const found = await minutes();
      return found.includes(last) ? found : undefined;
    });
    const klines = await exchangeKlines(platform.stack.exchangeUrl, 'BTCUSDT', '1m', first, last + MINUTE_MS);
    expect(stored.filter((time) => time <= last)).toEqual(klines.map(([openTime]) => openTime));
  });
});
