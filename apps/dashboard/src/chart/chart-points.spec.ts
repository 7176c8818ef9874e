import type { CandleItem } from '../api/types';
import { chartPoints, holesOf, priceDigits } from './chart-points';

const candle = (openTime: string, prices: Partial<CandleItem> = {}): CandleItem => ({
  open_time: openTime,
  close_time: openTime,
  open: '1.00000000',
  high: '1.00000000',
  low: '1.00000000',
  close: '1.00000000',
  volume: '0',
  is_final: true,
  missing_minutes: 0,
  ...prices,
});

const shape = (points: ReturnType<typeof chartPoints>): string =>
  points.map(({ candle: shown }) => (shown ? 'x' : '.')).join('');

describe('chartPoints', () => {
  it('should leave an empty place for every bucket without a candle', () => {
    const points = chartPoints(
      [candle('2026-01-15T14:00:00.000Z'), candle('2026-01-15T14:01:00.000Z'), candle('2026-01-15T14:05:00.000Z')],
      '1m',
    );
    expect(shape(points)).toBe('xx...x');
    expect(points.map(({ time }) => time)).toEqual([0, 1, 2, 3, 4, 5].map((minute) => 1_768_485_600 + 60 * minute));
  });

  it('should keep a candle that opens off the grid in its place, and times that ascend', () => {
    const points = chartPoints(
      [candle('2018-02-09T09:28:14.789Z'), candle('2018-02-09T10:28:14.789Z'), candle('2018-02-09T12:00:00.000Z')],
      '1h',
    );
    expect(shape(points)).toBe('xx.x');
    const times = points.map(({ time }) => time);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(new Set(times).size).toBe(times.length);
  });

  it('should leave places empty up to now, once their candles ought to be there', () => {
    const last = candle('2026-01-15T14:00:00.000Z');
    const shapeAt = (now: string): string => shape(chartPoints([last], '1m', Date.parse(now) / 1_000));
    expect(shapeAt('2026-01-15T14:03:59Z')).toBe('x');
    expect(shapeAt('2026-01-15T14:04:00Z')).toBe('x.');
    expect(shapeAt('2026-01-15T14:10:30Z')).toBe('x.......');
  });

  it('should wait for nothing more of what ended long ago', () => {
    const last = candle('2024-09-10T02:59:00.000Z');
    expect(shape(chartPoints([last], '1m', Date.parse('2026-01-15T14:00:00Z') / 1_000))).toBe('x');
  });

  it('should begin behind a hole that is longer than the chart', () => {
    const days = ['2026-01-01', '2026-01-02', '2026-01-15', '2026-01-17'];
    const points = chartPoints(
      days.map((day) => candle(`${day}T00:00:00.000Z`)),
      '1h',
    );
    expect(points[0]?.candle?.open_time).toBe('2026-01-15T00:00:00.000Z');
    expect(points).toHaveLength(2 * 24 + 1);
  });

  it('should not guess the months that are not there', () => {
    expect(shape(chartPoints([candle('2026-01-01T00:00:00.000Z'), candle('2026-04-01T00:00:00.000Z')], '1M'))).toBe(
      'xx',
    );
  });
});

describe('holesOf', () => {
  it('should join the empty places that follow one another', () => {
    const start = Date.parse('2026-01-15T14:00:00Z') / 1_000;
    const points = chartPoints(
      ['14:00', '14:01', '14:05', '14:07'].map((time) => candle(`2026-01-15T${time}:00.000Z`)),
      '1m',
    );
    expect(holesOf(points, '1m')).toEqual([
      { start: start + 120, end: start + 300 },
      { start: start + 360, end: start + 420 },
    ]);
    expect(holesOf(points.slice(0, 2), '1m')).toEqual([]);
  });
});

describe('priceDigits', () => {
  it('should need as many digits as a price has, without the zeros at its end', () => {
    expect(priceDigits([])).toBe(0);
    expect(priceDigits([candle('', { close: '70161.18000000' })])).toBe(2);
    expect(priceDigits([candle('', { low: '0.00000238' })])).toBe(8);
    expect(priceDigits([candle('', { high: '5' })])).toBe(0);
  });
});
