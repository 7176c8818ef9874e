import { eventually } from '../support/app-process';
import type { ListPage } from '../support/http';
import { describeClockSteps } from '../support/set-clock';
import { NO_TIME, SetClockPlatform } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Market seconds per real second. */
const FACTOR = 60;
/** At noon, so that nothing depends on a change of date. */
const NOON = '2026-11-20T12:00:20Z';
const APP = 'standalone-app';

describeClockSteps('a process that starts with a wrong clock, or fills the past with one', () => {
  let platform: SetClockPlatform;

  async function begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    platform = new SetClockPlatform({ factor: FACTOR, settings });
    await platform.startExchange(NOON);
  }

  const marketTime = () => platform.stack.marketTime();

  afterEach(() => platform.close());

  it('40 days ahead while the exchange does not tell its time: retention removes nothing', async () => {
    await begin({
      BACKFILL_DAYS: '2',
      RETENTION_MINUTES_DAYS: '10',
      RETENTION_EVENTS_DAYS: '10',
      RETENTION_BRONZE_DAYS: '10',
    });
    const right = await platform.start(APP);
    await platform.backfillIs('done');
    await platform.captureMinutes(2);
    const first = (await platform.latest('BTCUSDT', 5_000)).at(-1);
    expect(await right.stop()).toBe(0);
    await platform.stack.setFaults([NO_TIME]);
    const ahead = await platform.start(APP, 40 * DAY_MS);
    await eventually('it looks for what is too old', () =>
      Promise.resolve(ahead.output.includes('nothing is removed: the exchange does not tell its time') || undefined),
    );
    expect(await ahead.stop()).toBe(0);
    await platform.stack.setFaults([]);
    await platform.start(APP);
    await platform.captureMinutes(2);
    await platform.expectWhole();
    expect((await platform.coverage('BTCUSDT'))[0]?.start).toBe('2026-11-18T00:00:00Z');
    const { data } = await platform.answers<ListPage<{ timestamp_utc: string }>>(
      '/trades/range?symbol=BTCUSDT&start=2026-11-20&end=2026-11-21&limit=1',
    );
    expect(Date.parse(data[0]?.timestamp_utc ?? '')).toBe(first);
  });

  it.each([
    ['400 days behind', -400 * DAY_MS],
    ['3 days behind', -3 * DAY_MS],
    ['40 days ahead', 40 * DAY_MS],
  ])(
    'a first start %s: prices have the date of the exchange, and the ledger does not reach further',
    async (_, ahead) => {
      await begin({ BACKFILL_DAYS: '1' });
      const began = await marketTime();
      const app = await platform.start(APP, ahead);
      await platform.clockIs('corrected');
      await platform.captureMinutes(3);
      platform.setClock(APP, 0);
      await platform.clockIs('ok');
      await platform.captureMinutes(3);
      expect(await app.stop()).toBe(0);
      await platform.start(APP);
      await platform.captureMinutes(2);
      for (const symbol of platform.symbols) {
        await platform.expectLatestByExchangeTime(symbol, began);
        const [first] = await platform.coverage(symbol);
        expect(first?.start).toBe('2026-11-19T00:00:00Z');
        const everything = `/trades/range?symbol=${symbol}&start=2020-01-01&end=2030-01-01&limit=5000`;
        const { data } = await platform.answers<{ data: { timestamp_utc: string }[] }>(everything);
        const stamps = data.map(({ timestamp_utc: time }) => Date.parse(time));
        expect(Math.min(...stamps)).toBeGreaterThanOrEqual(began - MINUTE_MS);
        expect(Math.max(...stamps)).toBeLessThanOrEqual((await marketTime()) + MINUTE_MS);
      }
      await platform.expectWhole();
    },
  );

  it.each([
    ['forward', 26 * HOUR_MS],
    ['back', -26 * HOUR_MS],
  ])('set %s during a backfill: every past minute comes, once and right', async (_, ahead) => {
    await begin({ BACKFILL_DAYS: '10' });
    await platform.stack.setFaults([{ kind: 'slow', route: '/api/v3/klines', delay_ms: 100 }]);
    await platform.start(APP);
    await platform.backfillIs('running');
    platform.setClock(APP, ahead);
    await platform.clockIs('corrected');
    await platform.backfillIs('done');
    platform.setClock(APP, 0);
    await platform.clockIs('ok');
    await platform.expectWhole();
    for (const symbol of platform.symbols)
      expect((await platform.coverage(symbol))[0]?.start).toBe('2026-11-10T00:00:00Z');
  });
});
