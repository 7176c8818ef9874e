import { dateAfterKey, dayAfter, describeDay, monthsOver, stateOf, summaryOf, toDayAccount, weeksOf } from './days';

const row = {
  date: '2026-01-15',
  expected_minutes: '1440',
  missing_minutes: '0',
  exchange_stop_minutes: '0',
  repaired_minutes: '0',
  coverage_pct: '100.00',
};

describe('days of the calendar', () => {
  it('should be whole, stopped or missing minutes, the worst first', () => {
    expect(stateOf(toDayAccount(row))).toBe('whole');
    expect(stateOf(toDayAccount({ ...row, exchange_stop_minutes: '240' }))).toBe('stopped');
    expect(stateOf(toDayAccount({ ...row, exchange_stop_minutes: '240', missing_minutes: '1' }))).toBe('missing');
    expect(stateOf(undefined)).toBe('unknown');
  });

  it('should be told in words', () => {
    const day = toDayAccount({ ...row, missing_minutes: '3', exchange_stop_minutes: '240', coverage_pct: '99.79' });
    expect(describeDay(day.date, day)).toBe(
      '2026-01-15: 99.79 % of 1440 minutes, 3 missing, the exchange stood still for 240',
    );
    expect(describeDay('2026-01-16', undefined)).toBe('2026-01-16: nothing is known');
  });

  it('should stand in weeks from Monday on', () => {
    const weeks = weeksOf('2026-01-15', '2026-01-26');
    expect(weeks.map(([monday]) => monday)).toEqual(['2026-01-12', '2026-01-19', '2026-01-26']);
    expect(weeks[0]).toHaveLength(7);
    expect(weeksOf('2026-01-15', '2026-01-15')).toHaveLength(1);
    expect(weeksOf('2026-01-16', '2026-01-15')).toEqual([]);
    expect(weeksOf('', '')).toEqual([]);
  });

  it('should have the name of each month over the week in which it begins', () => {
    expect(monthsOver(weeksOf('2026-01-05', '2026-02-08'))).toEqual(['Jan', '', '', 'Feb', '']);
    expect(monthsOver(weeksOf('2026-01-26', '2026-02-08'))).toEqual(['Feb', '']);
    expect(monthsOver(weeksOf('2026-01-19', '2026-02-08'))).toEqual(['', 'Feb', '']);
  });

  it('should lead by arrow keys from day to day and from week to week, and not beyond', () => {
    const after = (key: string, date: string): string | undefined => dateAfterKey(key, date, '2026-01-05', '2026-02-03');
    expect(after('ArrowDown', '2026-01-31')).toBe('2026-02-01');
    expect(after('ArrowLeft', '2026-02-03')).toBe('2026-01-27');
    expect(after('ArrowRight', '2026-01-30')).toBe('2026-01-30');
    expect(after('Home', '2026-01-30')).toBe('2026-01-05');
    expect(after('End', '2026-01-30')).toBe('2026-02-03');
    expect(after('Enter', '2026-01-30')).toBeUndefined();
  });

  it('should be summed up in a line', () => {
    const whole = toDayAccount(row);
    const stopped = toDayAccount({ ...row, exchange_stop_minutes: '180' });
    const missing = toDayAccount({ ...row, missing_minutes: '2' });
    expect(summaryOf([whole, whole])).toBe('2 days: 2 whole.');
    expect(summaryOf([whole, stopped, missing])).toBe(
      '3 days: 1 whole, 1 with a stop of the exchange, 1 with minutes missing.',
    );
    expect(summaryOf([])).toBe('No day is known yet.');
  });

  it('should follow one another over the end of a month', () => {
    expect(dayAfter('2026-02-28')).toBe('2026-03-01');
  });
});
