import type { CandleItem } from '../api/types';
import { INTERVALS, type Interval } from './intervals';

/** A place on the time axis: a candle, or nothing where there is none. */
export interface ChartPoint {
  /** Seconds since the epoch, UTC. */
  readonly time: number;
  readonly candle: CandleItem | undefined;
}

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1_000);

/**
 * A point for every bucket from the first candle to the last: an axis that joined what lies around a hole would show a
 * market that never was. Candles that open off the grid stay where they are.
 */
export function chartPoints(candles: readonly CandleItem[], interval: Interval): ChartPoint[] {
  const length = INTERVALS[interval];
  const points: ChartPoint[] = [];
  let next: number | undefined;
  for (const candle of candles) {
    const time = secondsOf(candle.open_time);
    if (length !== undefined) {
      for (let hole = next ?? time; hole < time; hole += length) points.push({ time: hole, candle: undefined });
    }
    points.push({ time, candle });
    next = time + (length ?? 0);
  }
  return points;
}

/** Most digits behind the point that a price of these candles needs: zeros at the end are not needed. */
export function priceDigits(candles: readonly CandleItem[]): number {
  let digits = 0;
  for (const { open, high, low, close } of candles) {
    for (const price of [open, high, low, close]) {
      const fraction = /\.(\d*?)0*$/.exec(price)?.[1] ?? '';
      digits = Math.max(digits, fraction.length);
    }
  }
  return digits;
}
