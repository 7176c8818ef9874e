import { RateLimiter } from './rate-limiter';

const MINUTE = 60_000;
const START = Date.parse('2026-01-15T12:00:00Z');

describe('RateLimiter', () => {
  const limiter = (weight = 100, rawRequests = 1_000): RateLimiter => new RateLimiter({ weight, rawRequests });

  it('should count weight by the minute of the clock', () => {
    const limits = limiter();
    expect(limits.charge('a', 60, START + 59_000)).toEqual({ usedWeight: 60 });
    expect(limits.charge('a', 40, START + 59_999)).toEqual({ usedWeight: 100 });
    expect(limits.charge('b', 1, START + 59_999)).toEqual({ usedWeight: 1 });
    expect(limits.charge('a', 40, START + MINUTE)).toEqual({ usedWeight: 40 });
  });

  it('should refuse with 429 until the next minute, and charge the refused request', () => {
    const limits = limiter();
    limits.charge('a', 100, START);
    expect(limits.charge('a', 2, START + 43_000)).toEqual({
      usedWeight: 102,
      refusal: {
        status: 429,
        retryAfterSeconds: 17,
        message:
          'Too much request weight used; current limit is 100 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.',
      },
    });
  });

  it('should ban an address that goes on, each time for longer', () => {
    const limits = limiter();
    const goOn = (now: number): { status?: number | undefined; seconds?: number | undefined } => {
      const { refusal } = limits.charge('a', 101, now);
      return { status: refusal?.status, seconds: refusal?.retryAfterSeconds };
    };
    const refusals = Array.from({ length: 7 }, () => goOn(START));
    expect(refusals.slice(0, 6).every(({ status }) => status === 429)).toBe(true);
    expect(refusals[6]).toEqual({ status: 418, seconds: 120 });
    expect(goOn(START + MINUTE)).toEqual({ status: 418, seconds: 60 });
    expect(limits.charge('a', 1, START + 3 * MINUTE)).toEqual({ usedWeight: 1 });
    const again = Array.from({ length: 7 }, () => goOn(START + 4 * MINUTE));
    expect(again[6]).toEqual({ status: 418, seconds: 240 });
    expect(limits.charge('b', 1, START + 4 * MINUTE).refusal).toBeUndefined();
  });

  it('should limit the number of requests in five minutes', () => {
    const limits = limiter(100, 2);
    limits.charge('a', 1, START);
    limits.charge('a', 1, START);
    expect(limits.charge('a', 1, START + 4 * MINUTE).refusal).toMatchObject({ status: 429, retryAfterSeconds: 60 });
    expect(limits.charge('a', 1, START + 5 * MINUTE).refusal).toBeUndefined();
  });
});
