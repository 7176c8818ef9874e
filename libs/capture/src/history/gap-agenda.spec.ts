import fc from 'fast-check';
import { HOUR, MINUTE, subtractRanges } from '@app/domain';
import { GapAgenda } from './gap-agenda';
import { absentMinutes, pagesOver } from './minute-ranges';
import { buildMinute } from '@app/testing';

describe('GapAgenda', () => {
  it('asks for new minutes at once and for unanswered ones ever less often, at least every ten minutes', () => {
    const agenda = new GapAgenda();
    const asked: number[] = [];
    for (let minute = 0; minute < 50; minute += 1) {
      const now = minute * MINUTE + 20_000_000;
      const due = agenda.due([{ start: 0, end: MINUTE }], now);
      if (due.length === 0) continue;
      asked.push(minute);
      agenda.note({ start: 0, end: MINUTE }, now);
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 25, 35, 45]);
  });

  it('does not wait for a time that a clock ahead by a day had set', () => {
    const agenda = new GapAgenda();
    const gap = { start: 0, end: MINUTE };
    agenda.note(gap, 26 * HOUR);
    expect(agenda.due([gap], 10 * MINUTE)).toEqual([gap]);
    agenda.note(gap, 10 * MINUTE);
    expect(agenda.due([gap], 11 * MINUTE)).toEqual([]);
    expect(agenda.due([gap], 12 * MINUTE)).toEqual([gap]);
  });

  it('asks only for the new end of a gap that grows', () => {
    const agenda = new GapAgenda();
    agenda.note({ start: 0, end: 10 * MINUTE }, 0);
    agenda.note({ start: 0, end: 10 * MINUTE }, MINUTE);
    expect(agenda.due([{ start: 0, end: 11 * MINUTE }], 2 * MINUTE)).toEqual([
      { start: 10 * MINUTE, end: 11 * MINUTE },
    ]);
  });

  it('forgets what is no longer missing', () => {
    const agenda = new GapAgenda();
    for (let attempt = 0; attempt < 5; attempt += 1) agenda.note({ start: 0, end: MINUTE }, attempt);
    expect(agenda.due([], 0)).toEqual([]);
    expect(agenda.due([{ start: 0, end: MINUTE }], 1)).toEqual([{ start: 0, end: MINUTE }]);
  });
});

describe('minute ranges', () => {
  const minutesOf = (ranges: readonly { start: number; end: number }[]): number[] =>
    ranges.flatMap(({ start, end }) =>
      Array.from({ length: (end - start) / MINUTE }, (_, index) => start / MINUTE + index),
    );
  const range = fc
    .tuple(fc.nat(50), fc.integer({ min: 1, max: 20 }))
    .map(([start, length]) => ({ start: start * MINUTE, end: (start + length) * MINUTE }));

  it('subtracts cuts minute by minute', () => {
    fc.assert(
      fc.property(range, fc.array(range, { maxLength: 6 }), (whole, cuts) => {
        const gone = new Set(minutesOf(cuts));
        expect(minutesOf(subtractRanges([whole], cuts))).toEqual(minutesOf([whole]).filter((m) => !gone.has(m)));
      }),
    );
  });

  it('finds the minutes without a row, rows off the full minute included', () => {
    const rows = [buildMinute('BTCUSDT', MINUTE), buildMinute('BTCUSDT', 3 * MINUTE + 7_000_000)];
    expect(minutesOf(absentMinutes({ start: 0, end: 5 * MINUTE }, rows))).toEqual([0, 2, 4]);
  });

  it('covers gaps with pages of at most 1,000 minutes that start and end at gaps', () => {
    const gap = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 2_500 }));
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 8 }), (lengths) => {
        let position = 0;
        const gaps = lengths.map(([space, length]) => {
          const start = position + space * MINUTE;
          position = start + length * MINUTE;
          return { start, end: position };
        });
        const pages = pagesOver(gaps);
        const covered = new Set(minutesOf(pages));
        expect(minutesOf(gaps).every((minute) => covered.has(minute))).toBe(true);
        expect(pages.every(({ start, end }) => end > start && end - start <= 1_000 * MINUTE)).toBe(true);
        expect(pages.every((page, index) => index === 0 || page.start >= (pages[index - 1]?.end ?? 0))).toBe(true);
      }),
    );
  });
});
