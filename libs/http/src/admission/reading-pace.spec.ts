import { ReadingPace } from './reading-pace';

const SECOND = 1_000;

describe('ReadingPace', () => {
  it('should tell for how long a reader has taken nothing', () => {
    const pace = new ReadingPace(60 * SECOND, 0);
    pace.note(0, 1_000, 1_000);
    pace.note(10 * SECOND, 1_000, 1_000);
    expect(pace.silentFor(10 * SECOND)).toBe(10 * SECOND);
  });

  it('should see a reader who takes what the kernel holds, though the kernel accepts nothing more', () => {
    const pace = new ReadingPace(60 * SECOND, 0);
    pace.note(0, 4_000_000, 2_500_000);
    pace.note(40 * SECOND, 4_000_000, 1_700_000);
    expect(pace.silentFor(40 * SECOND)).toBe(0);
    pace.note(60 * SECOND, 4_000_000, 1_300_000);
    expect(pace.bytesPerSecond()).toBe(20_000);
  });

  it('should not tell a speed before it has looked for the whole time', () => {
    const pace = new ReadingPace(60 * SECOND, 0);
    pace.note(0, 0, 0);
    pace.note(59 * SECOND, 1, 0);
    expect(pace.bytesPerSecond()).toBeUndefined();
  });

  it('should tell the speed over the last stretch of that time, not since the beginning', () => {
    const pace = new ReadingPace(60 * SECOND, 0);
    for (let second = 0; second <= 300; second += 1) {
      pace.note(second * SECOND, second < 200 ? second * 100_000 : 20_000_000 + (second - 200) * 50, 0);
    }
    expect(pace.bytesPerSecond()).toBe(50);
  });
});
