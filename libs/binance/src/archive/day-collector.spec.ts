import { DAY, MINUTE, SECOND, type DayOfMinutes, type MinuteCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import type { BrokenRow } from '../mappers/broken-row';
import { DayCollector } from './day-collector';
import type { FileRow } from './kline-csv.parser';

const DATE = Date.UTC(2022, 2, 1) * 1_000;

function row(minute: number, changes: Partial<MinuteCandle> = {}): MinuteCandle {
  return buildMinute('JUVUSDT', DATE + minute * MINUTE, changes);
}

function collect(collector: DayCollector, ...pieces: readonly (readonly FileRow[])[]): DayOfMinutes[] {
  return [...pieces.flatMap((piece) => collector.add(piece)), ...collector.end()];
}

const unlimited = (): DayCollector => new DayCollector('x.csv', undefined);
const MINUTES = DAY / MINUTE;

describe('DayCollector', () => {
  it('should hand on each day when the next one begins, however the rows arrive', () => {
    const rows = [0, 1, MINUTES - 1, MINUTES, 5 * MINUTES + 3].map((minute) => row(minute));
    const days = [
      { range: { start: DATE, end: DATE + DAY }, candles: rows.slice(0, 3), leftOut: [] },
      { range: { start: DATE + DAY, end: DATE + 2 * DAY }, candles: rows.slice(3, 4), leftOut: [] },
      { range: { start: DATE + 5 * DAY, end: DATE + 6 * DAY }, candles: rows.slice(4), leftOut: [] },
    ];
    expect(collect(unlimited(), rows)).toEqual(days);
    expect(collect(unlimited(), ...rows.map((one) => [one]))).toEqual(days);
    expect(collect(unlimited())).toEqual([]);
  });

  it.each([
    ['one after the other', [0, 0, 0, 1, 1, 1, 2, 2, 2]],
    ['as the whole file three times', [0, 1, 2, 0, 1, 2, 0, 1, 2]],
  ])('should take rows that are there three times once, %s', (_, minutes) => {
    const collector = unlimited();
    expect(
      collect(
        collector,
        minutes.map((minute) => row(minute)),
      ),
    ).toMatchObject([{ candles: [0, 1, 2].map((m) => row(m)) }]);
    expect(collector.duplicates).toBe(6);
  });

  it('should take a row that differs in the writing of its numbers alone for the same', () => {
    const collector = unlimited();
    collect(collector, [row(0), row(0, { volume: '2.0000' })]);
    expect(collector.duplicates).toBe(1);
  });

  const leftOut = (days: readonly DayOfMinutes[]): unknown[] =>
    days.flatMap((day) =>
      day.leftOut.map(({ start, end, reason, detail }) => [
        (start - DATE) / MINUTE,
        (end - DATE) / MINUTE,
        reason,
        detail,
      ]),
    );
  const minutesOf = (days: readonly DayOfMinutes[]): number[] =>
    days.flatMap(({ candles }) => candles.map(({ openTime }) => (openTime - DATE) / MINUTE));
  const broken = (minute: number | undefined, fault = 'volume is "x"'): BrokenRow => ({
    openTime: minute === undefined ? undefined : DATE + minute * MINUTE,
    fault,
  });

  it('should leave out the minute of a row that is there twice with different numbers, and keep the others', () => {
    const rows = [row(0), row(1), row(1, { volume: '2.01' }), row(2), row(1)];
    const days = collect(unlimited(), rows);
    expect(minutesOf(days)).toEqual([0, 2]);
    expect(leftOut(days)).toEqual([
      [1, 2, 'conflicting', 'the row of 2022-03-01T00:01:00Z: it is there twice, with volume 2.00 and 2.01'],
    ]);
  });

  it('should leave out the minute of a broken row, whatever else the file has for it', () => {
    const collector = unlimited();
    const days = collect(collector, [row(0), broken(1), row(2), row(1), row(3), broken(3)]);
    expect(minutesOf(days)).toEqual([0, 2]);
    expect(leftOut(days)).toEqual([
      [1, 2, 'broken', 'the row of 2022-03-01T00:01:00Z: volume is "x"'],
      [3, 4, 'conflicting', expect.stringContaining('it is there twice')],
    ]);
    expect(collector.firstFault).toContain('2022-03-01T00:01:00Z');
  });

  it('should put rows of a day in the wrong order into the right one', () => {
    expect(collect(unlimited(), [row(0), row(2), row(1)])).toMatchObject([
      { candles: [row(0), row(1), row(2)], leftOut: [] },
    ]);
  });

  it('should leave out rows of no minute of the day, and no minute with them', () => {
    const late = collect(unlimited(), [row(MINUTES), row(0), row(MINUTES + 1)]);
    expect(minutesOf(late)).toEqual([MINUTES, MINUTES + 1]);
    expect(leftOut(late)).toEqual([
      [0, 0, 'broken', 'the row of 2022-03-01T00:00:00Z: it comes after rows of a later day'],
    ]);
    const foreign = collect(new DayCollector('x.zip', { start: DATE, end: DATE + DAY }), [row(0), row(MINUTES)]);
    expect(minutesOf(foreign)).toEqual([0]);
    expect(leftOut(foreign)).toEqual([
      [MINUTES, MINUTES, 'broken', 'the row of 2022-03-02T00:00:00Z: it does not belong into this file'],
    ]);
  });

  it('should take the minutes between their neighbours for those of rows of no known time, but for minutes that are there', () => {
    const stray = expect.stringMatching(/^(?:the|a) row (?:after|before) /) as string;
    const between = collect(unlimited(), [row(0), broken(undefined), row(3), row(2)]);
    expect(leftOut(between)).toMatchObject([
      [1, 2, 'broken', 'the row after that of 2022-03-01T00:00:00Z: volume is "x"'],
    ]);
    expect(leftOut(collect(unlimited(), [row(0), broken(undefined), row(1)]))).toMatchObject([[1, 1, 'broken', stray]]);
    expect(leftOut(collect(unlimited(), [broken(undefined), row(5)]))).toMatchObject([[4, 5, 'broken', stray]]);
    expect(leftOut(collect(unlimited(), [row(5), broken(undefined)]))).toMatchObject([[6, 7, 'broken', stray]]);
  });

  it('should say what was wrong where no row has a time', () => {
    const collector = unlimited();
    expect(collect(collector, [broken(undefined)] as FileRow[])).toEqual([]);
    expect(collector).toMatchObject({ accepted: 0, firstFault: 'a row before all others: volume is "x"' });
  });

  it('should refuse what is not minutes', () => {
    const seconds = Array.from({ length: MINUTES + 1 }, (_, index) =>
      row(0, { openTime: DATE + index * SECOND, closeTime: DATE + (index + 1) * SECOND - 1_000 }),
    );
    expect(() => collect(unlimited(), seconds)).toThrow('more than 1440 rows on 2022-03-01: not minutes');
  });

  it('should keep candles that open off the full minute as they are', () => {
    const odd = row(5, { openTime: DATE + 5 * MINUTE + 14_789_000, closeTime: DATE + 6 * MINUTE + 14_788_000 });
    expect(collect(unlimited(), [row(4), odd])).toMatchObject([{ candles: [row(4), odd] }]);
  });
});
