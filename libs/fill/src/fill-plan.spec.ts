import fc from 'fast-check';
import { DAY, MINUTE, minutesIn, type TimeRange } from '@app/domain';
import { planFill } from './fill-plan';
import { ARCHIVE_ALONE, REST_ALONE, type WantedMinutes } from './wanted-minutes';

/** Minutes that one answer holds. */
const PAGE = 1_000;

const range = (start: number, end: number): TimeRange => ({ start: start * MINUTE, end: end * MINUTE });

/** Steps as the source that is asked first, and minutes. */
function planned(wanted: Omit<WantedMinutes, 'symbol'>, hasArchive = true): [string | undefined, number, number][] {
  return planFill({ symbol: 'BTCUSDT', ...wanted }, hasArchive, PAGE).map(
    ({ sources: [first], range: { start, end } }) => [first, start / MINUTE, end / MINUTE],
  );
}

describe('planFill', () => {
  it('should ask the archive for whole days, and REST for what is before, between and behind them', () => {
    expect(planned({ ranges: [range(1_000, 4_400), range(4_500, 7_200)] })).toEqual([
      ['rest', 1_000, 1_440],
      ['archive', 1_440, 2_880],
      ['archive', 2_880, 4_320],
      ['rest', 4_320, 5_320],
      ['rest', 5_320, 5_760],
      ['archive', 5_760, 7_200],
    ]);
  });

  it('should page over days where there is no archive, or REST alone may be asked', () => {
    const pages = [
      ['rest', 0, 1_000],
      ['rest', 1_000, 1_440],
    ];
    expect(planned({ ranges: [range(0, 1_440)] }, false)).toEqual(pages);
    expect(planned({ ranges: [range(0, 1_440)], sources: REST_ALONE })).toEqual(pages);
  });

  it('should ask the archive for every day in which anything is wanted where nothing else may be asked', () => {
    const ranges = [range(100, 101), range(200, 201), range(3_000, 3_001)];
    expect(planned({ ranges, sources: ARCHIVE_ALONE }, false)).toEqual([
      ['archive', 0, 1_440],
      ['archive', 2_880, 4_320],
    ]);
  });

  it('should let no step reach over a cut', () => {
    expect(planned({ ranges: [range(0, 1_440)], cutAt: 700 * MINUTE })).toEqual([
      ['rest', 0, 700],
      ['rest', 700, 1_000],
      ['rest', 1_000, 1_440],
    ]);
  });

  it('should want every minute once, in steps that ascend and that one answer holds', () => {
    const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 5_000 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(gaps, fc.option(fc.integer({ min: 0, max: 40_000 })), fc.boolean(), (lengths, cut, hasArchive) => {
        let at = 0;
        const ranges = lengths.map(([pause, length]) => {
          const start = at + pause;
          at = start + length;
          return range(start, at);
        });
        const wanted = { symbol: 'BTCUSDT', ranges, ...(cut === null ? {} : { cutAt: cut * MINUTE }) };
        const steps = planFill(wanted, hasArchive, PAGE);
        const parts = steps.flatMap((step) => step.wanted);
        const sum = (list: readonly TimeRange[]): number => list.reduce((total, part) => total + minutesIn(part), 0);
        expect(sum(parts)).toBe(sum(ranges));
        steps.forEach((step, index) => {
          const length = step.range.end - step.range.start;
          expect(step.range.start).toBeGreaterThanOrEqual(steps[index - 1]?.range.end ?? 0);
          expect(length).toBeLessThanOrEqual(step.sources[0] === 'archive' ? DAY : PAGE * MINUTE);
          expect(step.wanted.every(({ start, end }) => start >= step.range.start && end <= step.range.end)).toBe(true);
          if (step.sources[0] === 'archive') expect(step.wanted).toEqual([step.range]);
          if (cut !== null) expect(step.range.start < cut * MINUTE && step.range.end > cut * MINUTE).toBe(false);
        });
      }),
    );
  });
});
