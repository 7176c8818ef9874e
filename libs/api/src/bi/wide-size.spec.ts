import { DAY, HOUR } from '@app/domain';
import { ProblemError } from '@app/http';
import { DAILY_ROWS, HOURLY_ROWS } from './date-window';
import { wideCells } from './wide-size';

const YEARS = { start: 0, end: 3_650 * DAY };

describe('wideCells', () => {
  it('should count the cells of all symbols at each date or hour that can have a row', () => {
    expect(wideCells('close', { range: { start: 0, end: 30 * DAY }, rows: 60 }, 5, DAILY_ROWS)).toBe(150);
    expect(wideCells('close', { range: { start: 0, end: 3 * HOUR }, rows: 9 }, 4, HOURLY_ROWS)).toBe(12);
    expect(wideCells('close', { range: YEARS, rows: 7 }, 1_000, DAILY_ROWS)).toBe(7_000);
    expect(wideCells('close', { range: { start: 0, end: 0 }, rows: 0 }, 1_000, HOURLY_ROWS)).toBe(0);
  });

  it.each([
    [87_600, 11, true],
    [87_600, 12, false],
    [1_000, 1_000, true],
    [1_001, 1_000, false],
  ])('should allow %i hours of one symbol beside the columns of %i symbols: %s', (rows, symbols, isAllowed) => {
    const ask = (): number => wideCells('volume', { range: YEARS, rows }, symbols, HOURLY_ROWS);
    if (isAllowed) {
      expect(ask()).toBe(rows * symbols);
      return;
    }
    expect(ask).toThrow(ProblemError);
    expect(ask).toThrow(/wide: "volume".*1000000 cells/);
  });

  it('should allow the longest window of all symbols that one question may name, by dates', () => {
    expect(wideCells('close', { range: YEARS, rows: 500_000 }, 1_000, DAILY_ROWS)).toBe(3_650_000);
  });
});
