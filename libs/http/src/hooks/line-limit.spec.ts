import { LineLimit } from './line-limit';

describe('LineLimit', () => {
  let time: number;
  let told: number[];
  let limit: LineLimit;
  const allowed = (requests: number): number =>
    Array.from({ length: requests }, () => limit.allows()).filter(Boolean).length;

  beforeEach(() => {
    time = 0;
    told = [];
    limit = new LineLimit(
      (requests) => told.push(requests),
      () => time,
    );
  });

  afterEach(() => {
    limit.sumUp();
  });

  it('should let ten lines a second through, whatever comes', () => {
    expect(allowed(13_000)).toBe(10);
    time += 999;
    expect(allowed(13_000)).toBe(0);
    time += 1;
    expect(allowed(13_000)).toBe(10);
  });

  it('should tell how many requests had no line, once', () => {
    allowed(13_000);
    limit.sumUp();
    expect(told).toEqual([12_990]);
    limit.sumUp();
    expect(told).toEqual([12_990]);
  });

  it('should tell it by itself', async () => {
    limit = new LineLimit(
      (requests) => told.push(requests),
      () => time,
      0,
    );
    allowed(11);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toEqual([1]);
  });
});
