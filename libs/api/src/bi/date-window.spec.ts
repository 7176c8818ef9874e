import { DAY, MILLISECOND, type DailyTableQuery } from '@app/domain';
import { ProblemError } from '@app/http';
import { dateWindow } from './date-window';

const date = (text: string): number => Date.parse(text) * MILLISECOND;
const NOW = date('2026-03-01T23:59:59.999Z');

function refusal(query: DailyTableQuery, symbols = 1): string {
  try {
    dateWindow(query, NOW, symbols);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail;
    throw error;
  }
  throw new Error('not refused');
}

describe('dateWindow', () => {
  it('should end with today and begin 90 dates before by default', () => {
    expect(dateWindow({}, NOW, 1)).toEqual({
      range: { start: date('2025-12-02'), end: date('2026-03-02') },
      label: '90d',
      relative: true,
    });
  });

  it('should take days as that many dates, today included', () => {
    expect(dateWindow({ days: 1 }, NOW, 1).range).toEqual({ start: date('2026-03-01'), end: date('2026-03-02') });
    expect(dateWindow({ days: 3_650 }, NOW, 1).range.end - dateWindow({ days: 3_650 }, NOW, 1).range.start).toBe(
      3_650 * DAY,
    );
  });

  it('should take start and end half-open', () => {
    expect(dateWindow({ start: date('2026-01-01'), end: date('2026-02-01') }, NOW, 1)).toEqual({
      range: { start: date('2026-01-01'), end: date('2026-02-01') },
      label: '2026-01-01_2026-02-01',
      relative: false,
    });
  });

  it('should fill in the bound that is missing', () => {
    expect(dateWindow({ start: date('2026-02-28') }, NOW, 1)).toMatchObject({
      range: { start: date('2026-02-28'), end: date('2026-03-02') },
      relative: true,
    });
    expect(dateWindow({ end: date('2026-02-28') }, NOW, 1)).toMatchObject({
      range: { start: date('2026-02-28') - 90 * DAY, end: date('2026-02-28') },
      relative: false,
    });
    expect(dateWindow({ end: DAY }, NOW, 1).range).toEqual({ start: 0, end: DAY });
  });

  it('should refuse days together with a bound', () => {
    expect(refusal({ days: 30, start: date('2026-01-01') })).toMatch(/^days: "30" is not allowed; expected either/);
    expect(refusal({ days: 30, end: date('2026-01-01') })).toMatch(/^days/);
  });

  it('should refuse empty and reversed windows, and starts after today', () => {
    expect(refusal({ start: date('2026-01-01'), end: date('2026-01-01') })).toMatch(/a date before end \(2026-01-01\)/);
    expect(refusal({ start: date('2026-01-02'), end: date('2026-01-01') })).toMatch(/^start/);
    expect(refusal({ start: date('2026-03-02') })).toMatch(/^start: "2026-03-02"/);
  });

  it('should refuse windows that are too long or have too many cells', () => {
    expect(refusal({ start: date('2000-01-01'), end: date('2026-01-01') })).toMatch(/at most 3650 dates; this one has/);
    expect(refusal({ days: 3_650 }, 137)).toMatch(/^symbols: "137 symbols" is not allowed/);
    expect(dateWindow({ days: 3_650 }, NOW, 136).label).toBe('3650d');
  });
});
