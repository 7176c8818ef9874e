import { describeClockSteps } from '../support/set-clock';
import { SetClockPlatform, type PlatformHealth } from '../support/set-clock-platform';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FACTOR = 60;
const NOON = '2026-11-20T12:00:20Z';

const ownClock = (health: PlatformHealth): string => (health as { clock?: { state?: string } }).clock?.state ?? '';

describeClockSteps('capture and API with different clocks', () => {
  let platform: SetClockPlatform;

  beforeEach(async () => {
    platform = new SetClockPlatform({ factor: FACTOR });
    await platform.startExchange(NOON);
  });

  afterEach(() => platform.close());

  const healthIs = (api: string, ingest: string) =>
    platform.healthSays(
      `api: ${api}, ingest: ${ingest}`,
      (health) => ownClock(health) === api && ingestClock(health) === ingest,
    );
  const ingestClock = (health: PlatformHealth): string => {
    const { capture } = (health.processes['ingest']?.status ?? {}) as { capture?: { clock?: { state?: string } } };
    return capture?.clock?.state ?? '';
  };

  it.each([
    ['26 hours ahead', 26 * HOUR_MS],
    ['an hour behind', -HOUR_MS],
    ['400 days behind', -400 * DAY_MS],
  ])('the API %s and capture right: what is served goes by the time of capture', async (_, ahead) => {
    await platform.start('ingest-app');
    await platform.start('api-app', ahead);
    const health = await healthIs('corrected', 'ok');
    expect(health.reasons.join()).toContain('api: the local clock is');
    expect(health.status).toBe('degraded');
    await platform.expectServedByExchangeTime();
    platform.setClock('api-app', 0);
    await healthIs('ok', 'ok');
    platform.setClock('api-app', ahead / 2);
    await healthIs('corrected', 'ok');
    await platform.expectServedByExchangeTime();
  });

  it.each([
    ['26 hours ahead', 26 * HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])('capture %s and the API right', async (_, ahead) => {
    await platform.start('ingest-app', ahead);
    await platform.start('api-app');
    await healthIs('ok', 'corrected');
    await platform.expectServedByExchangeTime();
    platform.setClock('ingest-app', 0);
    await healthIs('ok', 'ok');
    await platform.expectServedByExchangeTime();
  });

  it('both on one machine 26 hours ahead, which is then put right', async () => {
    await platform.start('ingest-app', 26 * HOUR_MS);
    await platform.start('api-app', 26 * HOUR_MS);
    await healthIs('corrected', 'corrected');
    await platform.expectServedByExchangeTime();
    platform.setClock('api-app', 0);
    platform.setClock('ingest-app', 0);
    await healthIs('ok', 'ok');
    await platform.expectServedByExchangeTime();
  });

  it.each([
    ['the API ahead', 'api-app'],
    ['capture ahead', 'ingest-app'],
  ] as const)('a process that only the store tells of lives until it is gone: %s by an hour', async (_, app) => {
    const nobody = { INGEST_URL: 'http://127.0.0.1:1' };
    const ingest = await platform.start('ingest-app');
    await platform.start('api-app', 0, nobody);
    const ingestIs = (state: string) =>
      platform.healthSays(`that ingest is ${state}`, ({ processes }) => processes['ingest']?.state === state);
    const { processes } = await ingestIs('ok');
    const before = JSON.stringify(processes['ingest']?.status);
    // In real time, by which processes are watched.
    platform.setClock(app, HOUR_MS * FACTOR);
    const seen: (string | undefined)[] = [];
    await platform.healthSays('something new of ingest', (health) => {
      seen.push(health.processes['ingest']?.state);
      return JSON.stringify(health.processes['ingest']?.status) !== before;
    });
    expect(seen).not.toContain('unknown');
    await ingest.stop('SIGKILL');
    await ingestIs('unknown');
  });
});
