import fc from 'fast-check';
import { DAY, HOUR, MINUTE, subtractRanges } from '@app/domain';
import { GapAgenda } from './gap-agenda';
import { absentMinutes, pagesOver } from '@app/fill';
import { buildMinute, FakeClock } from '@app/testing';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('GapAgenda', () => {
  const GAP = { start: 0, end: MINUTE };
  let clock: FakeClock;
  let agenda: GapAgenda;

  beforeEach(() => {
    clock = new FakeClock(NOON);
    agenda = new GapAgenda(clock);
  });

  it('asks for new minutes at once and for unanswered ones ever less often, at least every ten minutes', () => {
    const asked: number[] = [];
    for (let minute = 0; minute < 50; minute += 1) {
      clock.set(NOON + minute * MINUTE + 20_000_000);
      if (agenda.due([GAP]).length === 0) continue;
      asked.push(minute);
      expect(agenda.note(GAP)).toBe(NOON + (minute + Math.min(10, 2 ** (asked.length - 1))) * MINUTE);
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 25, 35, 45]);
  });

  it.each([HOUR, -HOUR, 26 * HOUR, -400 * DAY])('rests as long when the clock is set by %d µs meanwhile', (step) => {
    agenda.note(GAP);
    agenda.note(GAP);
    clock.step(step);
    clock.advance(2 * MINUTE - 1);
    expect(agenda.due([GAP])).toEqual([]);
    clock.advance(1);
    expect(agenda.due([GAP])).toEqual([GAP]);
  });

  it('asks only for the new end of a gap that grows', () => {
    agenda.note({ start: 0, end: 10 * MINUTE });
    clock.advance(MINUTE);
    agenda.note({ start: 0, end: 10 * MINUTE });
    clock.advance(MINUTE);
    expect(agenda.due([{ start: 0, end: 11 * MINUTE }])).toEqual([{ start: 10 * MINUTE, end: 11 * MINUTE }]);
  });

  it('forgets what is no longer missing', () => {
    for (let attempt = 0; attempt < 5; attempt += 1) agenda.note(GAP);
    expect(agenda.due([])).toEqual([]);
    expect(agenda.due([GAP])).toEqual([GAP]);
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
        const pages = pagesOver(gaps, 1_000);
        const covered = new Set(minutesOf(pages));
        expect(minutesOf(gaps).every((minute) => covered.has(minute))).toBe(true);
        expect(pages.every(({ start, end }) => end > start && end - start <= 1_000 * MINUTE)).toBe(true);
        expect(pages.every((page, index) => index === 0 || page.start >= (pages[index - 1]?.end ?? 0))).toBe(true);
      }),
    );
  });
});
