import { eventually } from '../support/app-process';
import type { ListPage } from '../support/http';
import { describeClockSteps } from '../support/set-clock';
import { clockOf, SetClockPlatform } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Market seconds per real second. */
const FACTOR = 60;
/** At noon, so that nothing depends on a change of date. */
const NOON = '2026-11-20T12:00:20Z';
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const APP = 'standalone-app';
/** What the process calls itself in health. */
const NAME = 'standalone';

const floorToMinute = (time: number): number => Math.floor(time / MINUTE_MS) * MINUTE_MS;

describeClockSteps('a process whose clock is set', () => {
  let platform: SetClockPlatform;

  async function begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    platform = new SetClockPlatform({ factor: FACTOR, settings });
    await platform.startExchange(NOON);
  }

  const marketTime = () => platform.stack.marketTime();

  /** Waits until so many minutes from now on are accounted for, for every symbol. */
  async function captureMinutes(count: number): Promise<void> {
    const end = floorToMinute(await marketTime()) + count * MINUTE_MS;
    for (const symbol of SYMBOLS) await platform.accountedUntil(symbol, end);
  }

  /** Nothing is missing from the begin of the ledger on, and every number is the exchange's. */
  async function expectWhole(): Promise<void> {
    for (const symbol of SYMBOLS) {
      await platform.accountedUntil(symbol, floorToMinute(await marketTime()) - 5 * MINUTE_MS);
      await platform.expectMinutesOfExchange(symbol);
    }
  }

  const NO_TIME = { kind: 'status', route: '/api/v3/time', status: 503 };

  const timeIsNotTold = () =>
    platform.healthSays('that the time is not told', ({ reasons }) =>
      reasons.join().includes('the exchange does not tell its time'),
    );

  const clockIs = (state: string) =>
    platform.healthSays(`that the clock is ${state}`, (health) => clockOf(health, NAME) === state);

  const backfillIs = (state: string) =>
    platform.healthSays(`that the backfill is ${state}`, ({ processes }) => {
      const { backfill } = (processes[NAME]?.status ?? {}) as { backfill?: { state: string } };
      return backfill?.state === state;
    });

  afterEach(() => platform.close());

  it('26 hours ahead for a while, and then put right: newest rows, ages and corrections are right', async () => {
    await begin();
    await platform.start(APP);
    await captureMinutes(1);

    platform.setClock(APP, 26 * HOUR_MS);
    const degraded = await clockIs('corrected');
    expect(degraded.status).toBe('degraded');
    expect(degraded.reasons.join()).toMatch(/the local clock is 26\.\d h ahead of the exchange's/);
    const wrongSince = await marketTime();
    await captureMinutes(4);
    for (const symbol of SYMBOLS) {
      await platform.pricesSince(symbol, wrongSince, 5);
      await platform.expectLatestByExchangeTime(symbol, wrongSince);
    }

    platform.setClock(APP, 0);
    await platform.healthSays('all is well', (health) => health.status === 'ok' && clockOf(health, NAME) === 'ok');
    const rightSince = await marketTime();
    await captureMinutes(3);
    for (const symbol of SYMBOLS) {
      await platform.pricesSince(symbol, rightSince, 5);
      await platform.expectLatestByExchangeTime(symbol, rightSince);
    }
    await expectWhole();
    expect((await platform.health()).storage.events_ahead).toBe(0);
    await platform.expectCorrectionServed('BTCUSDT', floorToMinute(await marketTime()) - 3 * MINUTE_MS);
  });

  it('26 hours ahead while the exchange does not tell its time: what was stamped so is put right afterwards', async () => {
    await begin();
    await platform.stack.setFaults([NO_TIME]);
    await platform.start(APP, 26 * HOUR_MS);
    const blind = await timeIsNotTold();
    expect(blind.status).toBe('degraded');
    const first = await marketTime();
    await platform.pricesSince('BTCUSDT', first + 26 * HOUR_MS - MINUTE_MS, 10);
    const corrected = floorToMinute(await marketTime()) - 2 * MINUTE_MS;

    platform.setClock(APP, 0);
    await platform.stack.setFaults([]);
    await platform.healthSays(
      'that prices are ahead',
      (health) => clockOf(health, NAME) === 'ok' && health.storage.events_ahead > 0,
    );
    const rightSince = await marketTime();
    await captureMinutes(3);
    for (const symbol of SYMBOLS) {
      await platform.pricesSince(symbol, rightSince, 5);
      await platform.expectLatestByExchangeTime(symbol, rightSince);
    }
    await platform.expectCorrectionServed(
      'BTCUSDT',
      Math.max(corrected, floorToMinute(await marketTime()) - 3 * MINUTE_MS),
    );
  });

  it.each([
    ['5 minutes', 5 * MINUTE_MS],
    ['an hour', HOUR_MS],
    ['a day', DAY_MS],
  ])('set back by %s while it captures: no minute is missing, then or after a restart', async (_, by) => {
    await begin();
    const app = await platform.start(APP);
    await captureMinutes(2);
    platform.setClock(APP, -by);
    await clockIs('corrected');
    const since = await marketTime();
    await captureMinutes(4);
    for (const symbol of SYMBOLS) await platform.pricesSince(symbol, since, 10);
    await app.answers(`${await platform.url}/readyz`);

    expect(await app.stop()).toBe(0);
    await platform.start(APP);
    const restarted = await marketTime();
    await captureMinutes(3);
    for (const symbol of SYMBOLS) await platform.pricesSince(symbol, restarted, 5);
    await expectWhole();
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });

  it('set back by an hour while the exchange does not tell its time: prices go on, and minutes come with the time', async () => {
    await begin();
    await platform.stack.setFaults([NO_TIME]);
    const app = await platform.start(APP);
    await timeIsNotTold();
    await captureMinutes(2);
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
    await clockIs('corrected');
    await captureMinutes(2);
    await expectWhole();
  });

  it('40 days ahead while the exchange does not tell its time: retention removes nothing', async () => {
    await begin({
      BACKFILL_DAYS: '2',
      RETENTION_MINUTES_DAYS: '10',
      RETENTION_EVENTS_DAYS: '10',
      RETENTION_BRONZE_DAYS: '10',
    });
    const right = await platform.start(APP);
    await backfillIs('done');
    await captureMinutes(2);
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
    await captureMinutes(2);
    await expectWhole();
    expect((await platform.coverage('BTCUSDT'))[0]?.start).toBe('2026-11-18T00:00:00Z');
    const { data } = await platform.answers<ListPage<{ timestamp_utc: string }>>(
      '/trades/range?symbol=BTCUSDT&start=2026-11-20&end=2026-11-21&limit=1',
    );
    expect(Date.parse(data[0]?.timestamp_utc ?? '')).toBe(first);
  });

  it('a boot with the clock an hour ahead, which NTP then puts right: capture does not stand still', async () => {
    await begin();
    await platform.start(APP, HOUR_MS);
    await clockIs('corrected');
    await captureMinutes(2);
    platform.setClock(APP, 0);
    await clockIs('ok');
    const since = await marketTime();
    await captureMinutes(3);
    for (const symbol of SYMBOLS) {
      await platform.pricesSince(symbol, since, 5);
      await platform.expectLatestByExchangeTime(symbol, since);
    }
    await expectWhole();
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
      await clockIs('corrected');
      await captureMinutes(3);
      platform.setClock(APP, 0);
      await clockIs('ok');
      await captureMinutes(3);
      expect(await app.stop()).toBe(0);
      await platform.start(APP);
      await captureMinutes(2);
      for (const symbol of SYMBOLS) {
        await platform.expectLatestByExchangeTime(symbol, began);
        const [first] = await platform.coverage(symbol);
        expect(first?.start).toBe('2026-11-19T00:00:00Z');
        const everything = `/trades/range?symbol=${symbol}&start=2020-01-01&end=2030-01-01&limit=5000`;
        const { data } = await platform.answers<{ data: { timestamp_utc: string }[] }>(everything);
        const stamps = data.map(({ timestamp_utc: time }) => Date.parse(time));
        expect(Math.min(...stamps)).toBeGreaterThanOrEqual(began - MINUTE_MS);
        expect(Math.max(...stamps)).toBeLessThanOrEqual((await marketTime()) + MINUTE_MS);
      }
      await expectWhole();
    },
  );

  it.each([
    ['forward', 26 * HOUR_MS],
    ['back', -26 * HOUR_MS],
  ])('set %s during a backfill: every past minute comes, once and right', async (_, ahead) => {
    await begin({ BACKFILL_DAYS: '10' });
    await platform.stack.setFaults([{ kind: 'slow', route: '/api/v3/klines', delay_ms: 100 }]);
    await platform.start(APP);
    await backfillIs('running');
    platform.setClock(APP, ahead);
    await clockIs('corrected');
    await backfillIs('done');
    platform.setClock(APP, 0);
    await clockIs('ok');
    await expectWhole();
    for (const symbol of SYMBOLS) expect((await platform.coverage(symbol))[0]?.start).toBe('2026-11-10T00:00:00Z');
  });
});
