import { DAY, HOUR, SECOND, StoreNotReadyError, type EpochMicros, type StoreStatus } from '@app/domain';
import { FakeClock } from '@app/testing';
import { ProcessWatch } from './process-watch';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('ProcessWatch', () => {
  let clock: FakeClock;
  let watch: ProcessWatch;
  /** By the clock of the process that writes. */
  let updatedAt: EpochMicros;
  let fault: Error | undefined;

  beforeEach(() => {
    jest.useFakeTimers();
    clock = new FakeClock(NOON);
    updatedAt = NOON;
    fault = undefined;
    const processes = () =>
      fault ? Promise.reject(fault) : Promise.resolve([{ process: 'ingest', updatedAt, status: '{}' }]);
    watch = new ProcessWatch({ processes } as unknown as StoreStatus, clock);
  });

  afterEach(() => {
    watch.onModuleDestroy();
    jest.useRealTimers();
  });

  async function pass(seconds: number): Promise<void> {
    clock.advance(seconds * SECOND);
    await jest.advanceTimersByTimeAsync(seconds * 1_000);
  }

  const isSilent = async (): Promise<boolean | undefined> => (await watch.look())[0]?.isSilent;

  it('should call a process silent that has written nothing for half a minute', async () => {
    expect(await isSilent()).toBe(false);
    await pass(30);
    expect(await isSilent()).toBe(false);
    await pass(1);
    expect(await isSilent()).toBe(true);
    updatedAt += 31 * SECOND;
    expect(await isSilent()).toBe(false);
  });

  it('should call a process late that has not written in time, and look every second', async () => {
    const isLate = async (): Promise<boolean | undefined> => (await watch.look())[0]?.isLate;
    watch.onApplicationBootstrap();
    await pass(5);
    updatedAt += 5 * SECOND;
    await pass(1);
    await pass(11);
    expect(await isLate()).toBe(false);
    await pass(2);
    expect(await isLate()).toBe(true);
    updatedAt += 14 * SECOND;
    expect(await isLate()).toBe(false);
  });

  it.each([
    ['an hour ahead', HOUR],
    ['an hour behind', -HOUR],
    ['26 hours ahead', 26 * HOUR],
    ['400 days behind', -400 * DAY],
  ])('should neither bury nor keep alive a process when its own clock is set to be %s', async (_, by) => {
    expect(await isSilent()).toBe(false);
    clock.step(by);
    expect(await isSilent()).toBe(false);
    await pass(10);
    updatedAt += 10 * SECOND;
    expect(await isSilent()).toBe(false);
    await pass(29);
    expect(await isSilent()).toBe(false);
    await pass(2);
    expect(await isSilent()).toBe(true);
  });

  it.each([
    ['an hour ahead', HOUR],
    ['an hour behind', -HOUR],
    ['26 hours ahead', 26 * HOUR],
    ['400 days behind', -400 * DAY],
  ])('should do the same when the clock of that process is set to be %s', async (_, by) => {
    expect(await isSilent()).toBe(false);
    updatedAt += by + 10 * SECOND;
    await pass(10);
    expect(await isSilent()).toBe(false);
    await pass(31);
    expect(await isSilent()).toBe(true);
  });

  it.each([
    ['in the past', -HOUR],
    ['still to come', HOUR],
    ['31 seconds ago', -31 * SECOND],
  ])('should believe no status that was there before it looked and is of a time %s', async (_, by) => {
    updatedAt = NOON + by;
    expect(await isSilent()).toBe(true);
    updatedAt += 10 * SECOND;
    expect(await isSilent()).toBe(false);
  });

  it('should look by itself, so that it knows when something changed that nobody asked for', async () => {
    watch.onApplicationBootstrap();
    await pass(5);
    updatedAt += 5 * SECOND;
    await pass(5);
    clock.step(-HOUR);
    await pass(20);
    expect(await isSilent()).toBe(false);
    await pass(15);
    expect(await isSilent()).toBe(true);
  });

  it('should know of no process while the store cannot be read', async () => {
    fault = new StoreNotReadyError('there is no database yet');
    expect(await watch.look()).toEqual([]);
    watch.onApplicationBootstrap();
    await pass(60);
    fault = undefined;
    updatedAt = clock.now();
    expect(await isSilent()).toBe(false);
  });
});
