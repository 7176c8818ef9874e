import { MILLISECOND } from '@app/domain';
import { dailyFrom, monthlyFrom } from './publication';

const at = (text: string): number => Date.parse(text) * MILLISECOND;

describe('publication of archive files', () => {
  it('should expect a daily file a day after the end of its day', () => {
    expect(dailyFrom(at('2026-02-28T00:00:00Z'))).toBe(at('2026-03-02T00:00:00Z'));
  });

  it.each([
    ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'],
    ['2026-12-31T00:00:00Z', '2027-01-01T00:00:00Z'],
  ])('should expect no monthly file before the month of %s is over', (date, end) => {
    expect(monthlyFrom(at(date))).toBe(at(end));
  });
});
