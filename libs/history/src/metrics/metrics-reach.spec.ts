import { DAY, HOUR } from '@app/domain';
import fc from 'fast-check';
import { METRICS_REACH, metricsOfDays } from './daily-metrics';
import { capturedMetrics, daysBehind, metricsReaches, type CapturedDay } from './metrics-reach';

const EPOCH = 20_000 * DAY;
const dates = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 60 });

const dayOf = (index: number, close: number, capturedAt: number): CapturedDay => ({
  date: EPOCH + index * DAY,
  open: '100',
  high: '200',
  low: '50',
  close: String(close),
  volume: '1',
  quoteVolume: '100',
  capturedAt,
});

describe('metricsReaches', () => {
  it('should hold the dates of the times and the thirty after each, once and in order', () => {
    fc.assert(
      fc.property(dates, (indexes) => {
        const wanted = new Set(
          indexes.flatMap((index) => Array.from({ length: METRICS_REACH + 1 }, (_, after) => index + after)),
        );
        const ranges = metricsReaches(indexes.map((index) => EPOCH + index * DAY + 5 * HOUR));
        const held = ranges.flatMap(({ start, end }) =>
          Array.from({ length: (end - start) / DAY }, (_, index) => (start - EPOCH) / DAY + index),
        );
        expect(held).toEqual([...wanted].sort((a, b) => a - b));
      }),
    );
  });

  it('should hold every date whose metrics a changed day changes', () => {
    fc.assert(
      fc.property(dates, fc.nat(), (indexes, pick) => {
        const sorted = [...indexes].sort((a, b) => a - b);
        const changed = sorted[pick % sorted.length]!;
        const days = sorted.map((index) => dayOf(index, 60 + ((index * 37) % 100), index));
        const after = days.map((day) =>
          day.date === EPOCH + changed * DAY ? { ...day, close: '77', high: '300' } : day,
        );
        const all = { start: EPOCH, end: EPOCH + 300 * DAY };
        const [before, now] = [metricsOfDays(days, all), metricsOfDays(after, all)];
        const different = now.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before[index]));
        const [reach] = metricsReaches([EPOCH + changed * DAY]);
        expect(different.every(({ date }) => date >= reach!.start && date < reach!.end)).toBe(true);
      }),
    );
  });
});

describe('capturedMetrics', () => {
  it('should be those of all days, from the days behind the range alone, with their newest capture', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 0, max: 200 }), (indexes, from) => {
        const sorted = [...indexes].sort((a, b) => a - b);
        const days = sorted.map((index) => dayOf(index, 60 + ((index * 37) % 100), (index * 7) % 50));
        const range = { start: EPOCH + from * DAY, end: EPOCH + (from + 20) * DAY };
        const behind = daysBehind(range);
        const rows = capturedMetrics(
          days.filter(({ date }) => date >= behind.start && date < behind.end),
          range,
        );
        expect(rows.map(({ metrics }) => metrics)).toEqual(metricsOfDays(days, range));
        for (const { metrics, capturedAt } of rows) {
          const within = days.filter(({ date }) => date <= metrics.date && date >= metrics.date - METRICS_REACH * DAY);
          expect(capturedAt).toBe(Math.max(...within.map((day) => day.capturedAt)));
        }
      }),
    );
  });
});
