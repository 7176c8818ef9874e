import { WindowLimiter } from './window-limiter';

const TTL = 60_000;

describe('WindowLimiter', () => {
  let now: number;
  let limiter: WindowLimiter;

  beforeEach(() => {
    now = 1_000;
    limiter = new WindowLimiter({ points: 2, duration: TTL / 1_000, now: () => now, maxCounters: 3 });
  });

  it('should let its points through and refuse beyond them, until the window ends', async () => {
    expect(await limiter.consume('a')).toMatchObject({ consumedPoints: 1, remainingPoints: 1, msBeforeNext: TTL });
    now += 59_001;
    expect(await limiter.consume('a')).toMatchObject({ consumedPoints: 2, remainingPoints: 0, msBeforeNext: 999 });
    await expect(limiter.consume('a')).rejects.toMatchObject({ consumedPoints: 3, msBeforeNext: 999 });
  });

  it('should begin a new window when the old one has ended, however much was refused in it', async () => {
    for (let count = 0; count < 5; count += 1) await limiter.penalty('a');
    now += TTL;
    expect(await limiter.consume('a')).toMatchObject({ consumedPoints: 1, msBeforeNext: TTL });
  });

  it('should take several points at once, and give them back', async () => {
    expect(await limiter.penalty('a', 5)).toMatchObject({ consumedPoints: 5 });
    expect(await limiter.reward('a', 4)).toMatchObject({ consumedPoints: 1 });
    expect(await limiter.get('a')).toMatchObject({ consumedPoints: 1 });
    await limiter.delete('a');
    expect(await limiter.get('a')).toBeNull();
  });

  it('should never tell of more time than the window has', async () => {
    for (now = 0.1; now < 1e6; now = now * 1.7 + 0.3) {
      const { msBeforeNext } = await limiter.consume(`client ${now}`);
      expect(Math.floor(msBeforeNext)).toBeLessThanOrEqual(TTL);
    }
  });

  it('should count each client alone', async () => {
    await limiter.consume('a', 2);
    expect(await limiter.consume('b')).toMatchObject({ consumedPoints: 1 });
  });

  it('should forget windows that have ended', async () => {
    for (const client of ['a', 'b', 'c']) await limiter.consume(client);
    now += TTL;
    await limiter.consume('d');
    expect(limiter.size).toBe(1);
  });

  it('should hold no more clients than it may, and forget the oldest window first', async () => {
    for (const client of ['a', 'b', 'c', 'd']) {
      now += 1;
      await limiter.consume(client);
    }
    expect(limiter.size).toBe(3);
    expect(await limiter.consume('b')).toMatchObject({ consumedPoints: 2 });
    expect(await limiter.consume('a')).toMatchObject({ consumedPoints: 1 });
  });
});
