import fc from 'fast-check';
import { formatDate, formatBucketTime, formatEventTime, formatMillisTime } from './time';
import { ceilTo, DAY, floorTo, HOUR, MAX_TIME, MILLISECOND, MINUTE, parseIsoTime, SECOND } from './time';

const instant = fc.integer({ min: 0, max: MAX_TIME - 1 });
const T = Date.UTC(2026, 0, 15, 14, 3, 22) * MILLISECOND;

describe('times', () => {
  it('should write event times with six fraction digits and +00:00, and read them back', () => {
    expect(formatEventTime(T + 913_852)).toBe('2026-01-15T14:03:22.913852+00:00');
    expect(formatEventTime(T)).toBe('2026-01-15T14:03:22.000000+00:00');
    expect(formatEventTime(T + 7)).toBe('2026-01-15T14:03:22.000007+00:00');
    fc.assert(
      fc.property(instant, (time) => {
        const text = formatEventTime(time);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
        expect(parseIsoTime(text)).toBe(time);
      }),
    );
  });

  it('should cut finer digits where a format has none, and never round up', () => {
    const last = T + SECOND - 1;
    expect(formatBucketTime(last)).toBe('2026-01-15T14:03:22Z');
    expect(formatMillisTime(last)).toBe('2026-01-15T14:03:22.999Z');
    expect(formatDate(floorTo(T, DAY) + DAY - 1)).toBe('2026-01-15');
    fc.assert(
      fc.property(instant, (time) => {
        expect(parseIsoTime(formatMillisTime(time))).toBe(floorTo(time, MILLISECOND));
        expect(parseIsoTime(formatBucketTime(time))).toBe(floorTo(time, SECOND));
        expect(parseIsoTime(formatDate(time))).toBe(floorTo(time, DAY));
      }),
    );
  });

  it('should write what Date writes, for times in any order and before 1970', () => {
    const anyTime = fc.integer({ min: -MAX_TIME, max: MAX_TIME });
    fc.assert(
      fc.property(fc.array(anyTime, { minLength: 1, maxLength: 5 }), fc.nat(2 * DAY), (times, later) => {
        for (const time of times.flatMap((one) => [one, one + later, one])) {
          const text = new Date(Math.floor(time / MILLISECOND)).toISOString();
          expect(formatMillisTime(time)).toBe(text);
          expect(formatBucketTime(time)).toBe(`${text.slice(0, 19)}Z`);
          expect(formatDate(time)).toBe(text.slice(0, 10));
          expect(formatEventTime(time).slice(0, 23)).toBe(text.slice(0, 23));
        }
      }),
    );
    expect(() => formatMillisTime(NaN)).toThrow(RangeError);
  });

  it('should stay exact before 1970 too, where a spool or a clock may lead', () => {
    expect(formatEventTime(-1)).toBe('1969-12-31T23:59:59.999999+00:00');
    expect(formatMillisTime(-1)).toBe('1969-12-31T23:59:59.999Z');
  });

  it.each([
    ['2026-01-15', '2026-01-15T00:00:00.000000+00:00'],
    ['2026-01-15T14:03', '2026-01-15T14:03:00.000000+00:00'],
    ['2026-01-15T14:03Z', '2026-01-15T14:03:00.000000+00:00'],
    ['2026-01-15T14:03:22', '2026-01-15T14:03:22.000000+00:00'],
    ['2026-01-15 14:03:22', '2026-01-15T14:03:22.000000+00:00'],
    ['2026-01-15t14:03:22z', '2026-01-15T14:03:22.000000+00:00'],
    ['2026-01-15T14:03:22.5', '2026-01-15T14:03:22.500000+00:00'],
    ['2026-01-15T14:03:22.000001Z', '2026-01-15T14:03:22.000001+00:00'],
    ['2026-01-15T14:03:22.123456789Z', '2026-01-15T14:03:22.123456+00:00'],
    ['2026-01-15T14:03:22+01:00', '2026-01-15T13:03:22.000000+00:00'],
    ['2026-01-15T14:03:22-05:30', '2026-01-15T19:33:22.000000+00:00'],
    ['2026-01-15T00:30:00+14:00', '2026-01-14T10:30:00.000000+00:00'],
    ['2026-01-15T14:03:22-00:00', '2026-01-15T14:03:22.000000+00:00'],
    ['2024-02-29', '2024-02-29T00:00:00.000000+00:00'],
    ['2000-02-29', '2000-02-29T00:00:00.000000+00:00'],
    ['1970-01-01', '1970-01-01T00:00:00.000000+00:00'],
    ['2199-12-31T23:59:59.999999Z', '2199-12-31T23:59:59.999999+00:00'],
  ])('should read %s', (text, expected) => {
    const time = parseIsoTime(text);
    expect(time === undefined ? undefined : formatEventTime(time)).toBe(expected);
  });

  it.each([
    '2026-02-30',
    '2025-02-29',
    '2100-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-04-31',
    '2026-01-15T24:00',
    '2026-01-15T14:60',
    '2026-01-15T23:59:60Z',
    '2026-01-15T14',
    '2026-01-15T14:03:22.',
    '2026-01-15T14:03:22.1234567890Z',
    '2026-01-15T14:03:22+15:00',
    '2026-01-15T14:03:22+01:60',
    '2026-01-15T14:03:22+0100',
    '2026-01-15Z',
    '2026-1-5',
    '26-01-15',
    '+2026-01-15',
    ' 2026-01-15',
    '2026-01-15\n',
    '0050-01-15',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+00:01',
    '2200-01-01',
    '1768485802',
    '',
  ])('should refuse %j', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('should shift by any offset exactly', () => {
    const offset = fc.record({ sign: fc.constantFrom(1, -1), hours: fc.nat(14), minutes: fc.nat(59) });
    const day = fc.integer({ min: DAY, max: MAX_TIME - DAY });
    fc.assert(
      fc.property(day, offset, (time, { sign, hours, minutes }) => {
        const local = formatEventTime(time + sign * (hours * HOUR + minutes * MINUTE)).slice(0, -6);
        const [hh, mm] = [hours, minutes].map((part) => String(part).padStart(2, '0'));
        expect(parseIsoTime(`${local}${sign > 0 ? '+' : '-'}${hh ?? ''}:${mm ?? ''}`)).toBe(time);
      }),
    );
  });

  it('should find the unit that holds an instant, and the next one', () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(SECOND, MINUTE, HOUR, DAY), (time, unit) => {
        const [floor, ceil] = [floorTo(time, unit), ceilTo(time, unit)];
        expect(BigInt(floor)).toBe((BigInt(time) / BigInt(unit)) * BigInt(unit));
        expect(ceil).toBe(floor === time ? time : floor + unit);
      }),
    );
  });
});
