import type { CandleItem } from '../api/types';
import { CANDLES_SHOWN, INTERVALS, type Interval } from './intervals';

/** A place on the time axis: a candle, or nothing where there is none. */
export interface ChartPoint {
  /** Seconds since the epoch, UTC. */
  readonly time: number;
  readonly candle: CandleItem | undefined;
}

/** Buckets without a candle in a row, in seconds since the epoch; the end is not part of it. */
export interface Hole {
  readonly start: number;
  readonly end: number;
}

/** A candle may come so much later than its time is over: before, nobody can say that it is not there. */
export const LATE_SECONDS = 120;

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1_000);

/**
 * A point for every bucket from the first candle to the last, and on to `now` (seconds since the epoch) where newer ones
 * ought to be there: an axis that joined what lies around a hole would show a market that never was. It begins behind a
 * hole that is longer than the chart. Candles that open off the grid stay where they are.
 */
export function chartPoints(candles: readonly CandleItem[], interval: Interval, now = 0): ChartPoint[] {
  const length = INTERVALS[interval];
  const points: ChartPoint[] = [];
  let next: number | undefined;
  const leaveEmptyUntil = (time: number): void => {
    if (length === undefined) return;
    if (next !== undefined && time - next > CANDLES_SHOWN * length) {
      // A history that is being filled: what lies so far behind is of no use beside what is new.
      points.length = 0;
      return;
    }
    for (let hole = next ?? time; hole < time; hole += length) points.push({ time: hole, candle: undefined });
  };
  for (const candle of candles) {
    const time = secondsOf(candle.open_time);
    leaveEmptyUntil(time);
    points.push({ time, candle });
    next = time + (length ?? 0);
  }
  const due = now - LATE_SECONDS - (length ?? 0);
  // What ended long ago has no more candles to wait for.
  if (next !== undefined && due - next < CANDLES_SHOWN * (length ?? 0)) leaveEmptyUntil(due + 1);
  return points;
}

/** The empty places in a row of points, the oldest first. */
export function holesOf(points: readonly ChartPoint[], interval: Interval): Hole[] {
  const length = INTERVALS[interval] ?? 0;
  const holes: { start: number; end: number }[] = [];
  for (const { time, candle } of points) {
    if (candle) continue;
    const last = holes.at(-1);
    if (last?.end === time) last.end = time + length;
    else holes.push({ start: time, end: time + length });
  }
  return holes;
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
