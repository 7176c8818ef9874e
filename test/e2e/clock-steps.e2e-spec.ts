import { eventually } from '../support/app-process';
import type { ListPage } from '../support/http';
import { describeClockSteps } from '../support/set-clock';
import { clockOf, NO_TIME, SetClockPlatform } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Market seconds per real second. */
const FACTOR = 60;
/** At noon, so that nothing depends on a change of date. */
const NOON = '2026-11-20T12:00:20Z';
const APP = 'standalone-app';
/** What the process calls itself in health. */
const NAME = 'standalone';

describeClockSteps('a process whose clock is set', () => {
  let platform: SetClockPlatform;

  async function begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    platform = new SetClockPlatform({ factor: FACTOR, settings });
    await platform.startExchange(NOON);
  }

  const marketTime = () => platform.stack.marketTime();

  afterEach(() => platform.close());

  it('26 hours ahead for a while, and then put right: newest rows, ages and corrections are right', async () => {
    await begin();
    await platform.start(APP);
    await platform.captureMinutes(1);

    platform.setClock(APP, 26 * HOUR_MS);
    const degraded = await platform.clockIs('corrected');
    expect(degraded.status).toBe('degraded');
    expect(degraded.reasons.join()).toMatch(/the local clock is 26\.\d h ahead of the exchange's/);
    const wrongSince = await marketTime();
    await platform.captureMinutes(4);
    for (const symbol of platform.symbols) {
      await platform.pricesSince(symbol, wrongSince, 5);
      await platform.expectLatestByExchangeTime(symbol, wrongSince);
    }

    platform.setClock(APP, 0);
    await platform.healthSays('all is well', (health) => health.status === 'ok' && clockOf(health, NAME) === 'ok');
    const rightSince = await marketTime();
    await platform.captureMinutes(3);
    for (const symbol of platform.symbols) {
      await platform.pricesSince(symbol, rightSince, 5);
      await platform.expectLatestByExchangeTime(symbol, rightSince);
    }
    await platform.expectWhole();
    expect((await platform.health()).storage.events_ahead).toBe(0);
    await platform.expectCorrectionServed('BTCUSDT');
  });

  it('26 hours ahead while the exchange does not tell its time: what was stamped so is put right afterwards', async () => {
    await begin();
    await platform.stack.setFaults([NO_TIME]);
    await platform.start(APP, 26 * HOUR_MS);
    const blind = await platform.timeIsNotTold();
    expect(blind.status).toBe('degraded');
    const first = await marketTime();
    await platform.pricesSince('BTCUSDT', first + 26 * HOUR_MS - MINUTE_MS, 10);

    platform.setClock(APP, 0);
    await platform.stack.setFaults([]);
    await platform.healthSays(
      'that prices are ahead',
      (health) => clockOf(health, NAME) === 'ok' && health.storage.events_ahead > 0,
    );
    const rightSince = await marketTime();
    await platform.captureMinutes(3);
    for (const symbol of platform.symbols) {
      await platform.pricesSince(symbol, rightSince, 5);
      await platform.expectLatestByExchangeTime(symbol, rightSince);
    }
    await platform.expectCorrectionServed('BTCUSDT');
  });

  it.each([
    ['back by 5 minutes', -5 * MINUTE_MS],
    ['back by an hour', -HOUR_MS],
    ['back by a day', -DAY_MS],
    ['ahead by an hour', HOUR_MS],
  ])('set %s while it captures: no minute is missing, then or after a restart', async (_, by) => {
    await begin();
    const app = await platform.start(APP);
    await platform.captureMinutes(2);
    platform.setClock(APP, by);
    await platform.tellsOfClock();
    const since = await marketTime();
    await platform.captureMinutes(4);
    for (const symbol of platform.symbols) {
      await platform.pricesSince(symbol, since, 10);
      await platform.expectLatestByExchangeTime(symbol, since);
    }
    await app.answers(`${await platform.url}/readyz`);

    expect(await app.stop()).toBe(0);
    await platform.start(APP);
    const restarted = await marketTime();
    await platform.captureMinutes(3);
    for (const symbol of platform.symbols) await platform.pricesSince(symbol, restarted, 5);
    await platform.expectWhole();
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });

  it.each([
    ['ahead by a day', DAY_MS],
    ['back by an hour', -HOUR_MS],
  ])('set %s between two polls of the default interval: that is said, and over, within seconds', async (_, by) => {
    platform = new SetClockPlatform({ factor: 1, settings: { POLL_INTERVAL_SECONDS: '60' } });
    await platform.startExchange();
    await platform.start(APP);
    await platform.clockIs('ok');
    platform.setClock(APP, by);
    await platform.tellsOfClock();
    platform.setClock(APP, 0);
    await platform.tellsOfClockNoLonger();
  });

  it('set back by an hour while the exchange does not tell its time: prices go on, and minutes come with the time', async () => {
    await begin();
    await platform.stack.setFaults([NO_TIME]);
    const app = await platform.start(APP);
    await platform.timeIsNotTold();
    await platform.captureMinutes(2);
    platform.setClock(APP, -HOUR_MS);
    const since = (await marketTime()) - HOUR_MS;
    const url = await platform.url;
    await eventually('prices go on by the clock as it is', async () => {
      const path = `/trades/range?symbol=BTCUSDT&start=${since}&end=${since + HOUR_MS / 2}`;
      const { data } = await platform.answers<ListPage<object>>(path);
      return data.length >= 10 ? true : undefined;
    });
    await app.answers(`${url}/livez`);
    await platform.stack.setFaults([]);
    await platform.clockIs('corrected');
    await platform.captureMinutes(2);
    await platform.expectWhole();
  });

  it('a boot with the clock an hour ahead, which NTP then puts right: capture does not stand still', async () => {
    await begin();
    await platform.start(APP, HOUR_MS);
    await platform.clockIs('corrected');
    await platform.captureMinutes(2);
    platform.setClock(APP, 0);
    await platform.clockIs('ok');
    const since = await marketTime();
    await platform.captureMinutes(3);
    for (const symbol of platform.symbols) {
      await platform.pricesSince(symbol, since, 5);
      await platform.expectLatestByExchangeTime(symbol, since);
    }
    await platform.expectWhole();
  });
});
