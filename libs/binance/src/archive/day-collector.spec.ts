import { ArchiveError, DAY, MINUTE, SECOND, type DayOfMinutes, type MinuteCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import { DayCollector } from './day-collector';

const DATE = Date.UTC(2022, 2, 1) * 1_000;

function row(minute: number, changes: Partial<MinuteCandle> = {}): MinuteCandle {
  return buildMinute('JUVUSDT', DATE + minute * MINUTE, changes);
}

function collect(collector: DayCollector, ...pieces: readonly MinuteCandle[][]): DayOfMinutes[] {
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

  it.each([
    [
      'a row that is there twice with different numbers',
      [row(0), row(0, { volume: '2.01' })],
      'the row of 2022-03-01T00:00:00Z is there twice, with different numbers',
    ],
    ['a row that comes too late', [row(0), row(2), row(1)], 'the row of 2022-03-01T00:01:00Z comes after a later one'],
    ['a day that comes too late', [row(MINUTES), row(0)], 'the row of 2022-03-01T00:00:00Z comes after a later one'],
  ])('should refuse %s', (_, rows, message) => {
    expect(() => collect(unlimited(), rows)).toThrow(new ArchiveError('malformed', `x.csv: ${message}`));
  });

  it('should refuse a row of another day than the file is for', () => {
    const collector = new DayCollector('x.zip', { start: DATE, end: DATE + DAY });
    expect(() => collect(collector, [row(0), row(MINUTES)])).toThrow(
      'the row of 2022-03-02T00:00:00Z does not belong into this file',
    );
  });

  it('should refuse what is not minutes', () => {
    expect(() => collect(unlimited(), [row(0, { closeTime: DATE + 60 * MINUTE - 1_000 })])).toThrow(
      'longer than a minute',
    );
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
