import { BackfillPace } from './backfill-pace';

describe('BackfillPace', () => {
  let now: number;
  let pace: BackfillPace;

  beforeEach(() => {
    now = 1_000;
    pace = new BackfillPace(() => now);
    pace.begin(3_000);
  });

  it('should say nothing before the first minutes', () => {
    now += 5_000;
    expect(pace.secondsFor(3_000)).toBeNull();
  });

  it('should say how long the rest takes at the rate so far', () => {
    now += 2_000;
    pace.done(1_000);
    expect(pace.secondsFor(3_000)).toBe(4);
    expect(pace.minutesPerSecond()).toBe(500);
  });

  it('should count the time in which nothing moved, and say nothing once that is long', () => {
    now += 2_000;
    pace.done(2_999);
    expect(pace.secondsFor(3_000)).toBe(1);
    now += 30_000;
    expect(pace.secondsFor(6_000)).toBe(33);
    now += 1;
    expect(pace.secondsFor(3_000)).toBeNull();
    pace.done(1);
    expect(pace.secondsFor(3_000)).toBe(0);
  });

  it('should begin once, with the first minutes that there are to do', () => {
    const idle = new BackfillPace(() => now);
    expect([idle.begin(0), idle.begin(5), idle.begin(5)]).toEqual([false, true, false]);
  });
});
