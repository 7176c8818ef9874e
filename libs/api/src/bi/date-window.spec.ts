import { DAY, DailyTableQuery, MILLISECOND } from '@app/domain';
import { ProblemError } from '@app/http';
import { DAILY_ROWS, dateWindow, HOURLY_ROWS, type DateWindow } from './date-window';

const date = (text: string): number => Date.parse(text) * MILLISECOND;
const NOW = date('2026-03-01T23:59:59.999Z');

function windowOf(query: Partial<DailyTableQuery>, symbols = 1, size = DAILY_ROWS): DateWindow {
  return dateWindow(Object.assign(new DailyTableQuery(), query), NOW, symbols, size);
}

function refusal(query: Partial<DailyTableQuery>, symbols = 1, size = DAILY_ROWS): string {
  try {
    windowOf(query, symbols, size);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail;
    throw error;
  }
  throw new Error('not refused');
}

describe('dateWindow', () => {
  it('should end with today and begin 90 dates before by default', () => {
    expect(windowOf({})).toEqual({
      range: { start: date('2025-12-02'), end: date('2026-03-02') },
      label: '90d',
      relative: true,
    });
  });

  it('should take days as that many dates, today included', () => {
    expect(windowOf({ days: 1 }).range).toEqual({ start: date('2026-03-01'), end: date('2026-03-02') });
    expect(windowOf({ days: 3_650 }).range.end - windowOf({ days: 3_650 }).range.start).toBe(3_650 * DAY);
  });

  it('should take start and end half-open', () => {
    expect(windowOf({ start: date('2026-01-01'), end: date('2026-02-01') })).toEqual({
      range: { start: date('2026-01-01'), end: date('2026-02-01') },
      label: '2026-01-01_2026-02-01',
      relative: false,
    });
  });

  it('should fill in the bound that is missing', () => {
    expect(windowOf({ start: date('2026-02-28') })).toMatchObject({
      range: { start: date('2026-02-28'), end: date('2026-03-02') },
      relative: true,
    });
    expect(windowOf({ end: date('2026-02-28') })).toMatchObject({
      range: { start: date('2026-02-28') - 90 * DAY, end: date('2026-02-28') },
      relative: false,
    });
    expect(windowOf({ end: DAY }).range).toEqual({ start: 0, end: DAY });
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
    expect(windowOf({ days: 3_650 }, 136).label).toBe('3650d');
    expect(windowOf({ days: 3_650 }, 1, HOURLY_ROWS).label).toBe('3650d');
    expect(refusal({ days: 3_650 }, 2, HOURLY_ROWS)).toMatch(
      /symbols times hours of at most 100000: .*\(2083 dates for 2/,
    );
  });
});
