import { WindowThrottlerStorage } from './window-throttler.storage';

const TTL = 60_000;

describe('WindowThrottlerStorage', () => {
  let now: number;
  let storage: WindowThrottlerStorage;

  beforeEach(() => {
    now = 1_000;
    storage = new WindowThrottlerStorage(() => now, 3);
  });

  it('should count to the limit and block beyond it, until the window ends', async () => {
    expect(await storage.increment('a', TTL, 2)).toEqual({
      totalHits: 1,
      timeToExpire: 60,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    now += 59_001;
    expect(await storage.increment('a', TTL, 2)).toMatchObject({ totalHits: 2, timeToExpire: 1, isBlocked: false });
    expect(await storage.increment('a', TTL, 2)).toMatchObject({ totalHits: 3, isBlocked: true, timeToBlockExpire: 1 });
  });

  it('should begin a new window when the old one has ended, however much was blocked in it', async () => {
    for (let hit = 0; hit < 5; hit += 1) await storage.increment('a', TTL, 1);
    now += TTL;
    expect(await storage.increment('a', TTL, 1)).toMatchObject({ totalHits: 1, timeToExpire: 60, isBlocked: false });
  });

  it('should never tell of more time than the window has', async () => {
    for (now = 0.1; now < 1e6; now = now * 1.7 + 0.3) {
      expect(await storage.increment(`client ${now}`, TTL, 1)).toMatchObject({ timeToExpire: 60 });
    }
  });

  it('should count each client alone', async () => {
    await storage.increment('a', TTL, 1);
    expect(await storage.increment('b', TTL, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('should forget windows that have ended', async () => {
    for (const key of ['a', 'b', 'c']) await storage.increment(key, TTL, 1);
    now += TTL;
    await storage.increment('d', TTL, 1);
    expect(storage.size).toBe(1);
  });

  it('should hold no more clients than it may, and forget the oldest window first', async () => {
    for (const key of ['a', 'b', 'c', 'd']) {
      now += 1;
      await storage.increment(key, TTL, 1);
    }
    expect(storage.size).toBe(3);
    expect(await storage.increment('b', TTL, 9)).toMatchObject({ totalHits: 2 });
    expect(await storage.increment('a', TTL, 9)).toMatchObject({ totalHits: 1 });
  });
});
