import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DAY, formatEventTime, HOUR, SECOND, type EpochMicros } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { alignedOver, FakeClock } from '@app/testing';
import { CaptureTime } from './capture-time';
import type { RemoteProcess } from './remote-processes';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('CaptureTime', () => {
  let local: FakeClock;
  let clock: ReturnType<typeof alignedOver>;
  let server: Server;
  let answer: (exchangeTime: EpochMicros) => object;
  let asked: number;
  /** How far the local clock is ahead of the exchange's. */
  let ahead: EpochMicros;
  let captureTime: CaptureTime | undefined;
  let metrics: MetricsRegistry;

  beforeEach(async () => {
    local = new FakeClock(NOON);
    metrics = new MetricsRegistry();
    clock = alignedOver(local);
    [asked, ahead] = [0, 0];
    answer = (time) => ({ status: 'ok', capture: { clock: { exchange_time: formatEventTime(time) } } });
    server = createServer((_, response) => {
      asked += 1;
      response.end(JSON.stringify(answer(local.now() - ahead)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    captureTime?.onModuleDestroy();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });

  const remote = (): RemoteProcess => ({
    name: 'ingest',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });

  function follow(remotes: readonly RemoteProcess[] = [remote()]): CaptureTime {
    captureTime = new CaptureTime(clock, remotes, createLogger('silent', 'test'), metrics);
    captureTime.onApplicationBootstrap();
    return captureTime;
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it.each([
    ['26 hours ahead', 26 * HOUR],
    ['an hour behind', -HOUR],
    ['400 days behind', -400 * DAY],
  ])('should go by the time of capture where its own clock is %s, and say so', async (_, by) => {
    ahead = by;
    local.step(by);
    const followed = follow();
    await until(() => clock.offset() !== undefined);
    expect(clock.now()).toBe(NOON);
    const gauge = await metrics.getSingleMetric('csp_clock_offset_seconds')?.get();
    expect(gauge?.values[0]?.value).toBe(-by / SECOND);
    expect(followed.state()).toMatchObject({
      state: 'corrected',
      detail: expect.stringContaining('set the clock') as string,
    });
  });

  it.each([HOUR, -HOUR, 26 * HOUR])('should not be moved by a step of its own clock by %d µs', async (by) => {
    follow();
    await until(() => clock.offset() !== undefined);
    ahead += by;
    local.step(by);
    expect(clock.now()).toBe(NOON);
    await until(() => !clock.stepped);
    expect(clock.now()).toBe(NOON);
    expect(asked).toBe(2);
  });

  it.each<readonly [string, () => object]>([
    ['does not know it', () => ({ status: 'ok', capture: { clock: { exchange_time: null } } })],
    ['is of another version', () => ({ status: 'ok', capture: {} })],
    ['gives no time', () => ({ status: 'ok', capture: { clock: { exchange_time: 'soon' } } })],
  ])('should keep its own time where the capturing process %s', async (_, without) => {
    answer = without;
    const followed = follow();
    await until(() => asked > 0);
    await until(() => followed.state()?.state === 'unknown');
    expect(clock.now()).toBe(NOON);
    expect(followed.state()?.detail).toBe('');
  });

  it('should take the time of the first process that knows it', async () => {
    ahead = -HOUR;
    answer = (time) => ({ status: 'ok', clock: { exchange_time: formatEventTime(time) } });
    follow([{ name: 'ingest', url: 'http://127.0.0.1:1' }, remote()]);
    await until(() => clock.offset() !== undefined);
    expect(clock.now()).toBe(NOON + HOUR);
  });

  it('should ask again after ten minutes', async () => {
    follow();
    await until(() => clock.offset() !== undefined);
    local.advance(600 * SECOND);
    await until(() => asked === 2);
  });

  it('should leave the clock alone in a process that captures itself', () => {
    expect(follow([]).state()).toBeUndefined();
    expect(asked).toBe(0);
  });
});
