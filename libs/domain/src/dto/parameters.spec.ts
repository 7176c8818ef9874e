import { parseTimeParameter, TIMES_ALLOWED, withReason } from './parameters';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('parseTimeParameter', () => {
  it.each([
    '2026-01-15T12:00:00Z',
    '2026-01-15T12:00:00+00:00',
    '2026-01-15T12:00:00 00:00',
    '2026-01-15T12:00:00+0000',
    '2026-01-15T12:00:00 0000',
    '2026-01-15T12:00:00+00',
    '2026-01-15T14:00+02',
    '2026-01-15T07:00:00-0500',
    '2026-01-15T17:30+0530',
    '2026-01-15 12:00',
    '1768478400000',
  ])('should understand %s', (text) => {
    expect(parseTimeParameter(text)).toBe(NOON);
  });

  it.each(['2026-01-15T12:00:00+9', '2026-01-15T12:00:00+00000', '2026-01-15+0000', '1768478400', '1768478400000000'])(
    'should refuse %s',
    (text) => {
      expect(parseTimeParameter(text)).toBeUndefined();
    },
  );
});

describe('withReason', () => {
  const reason = withReason(TIMES_ALLOWED);

  it('should give the milliseconds of seconds and of microseconds', () => {
    expect(reason('1768478400')).toMatch(/epoch seconds.*write 1768478400000$/);
    expect(reason('1768478400123456')).toMatch(/epoch microseconds: write 1768478400123$/);
  });
});
