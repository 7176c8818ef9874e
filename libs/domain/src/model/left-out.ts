import type { MinuteCandle } from './candle';
import { floorTo, MINUTE, type EpochMicros, type TimeRange } from './time';

/**
 * Why a source's row of a minute was not accepted: it breaks the contract of a row (`broken`), it stands beside another
 * row of the same minute with other numbers (`conflicting`), its minute was not over (`not_closed`), or the stored minute
 * has more trades (`fewer_trades`).
 */
export const LEFT_OUT_REASONS = ['broken', 'conflicting', 'not_closed', 'fewer_trades'] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

/** Minutes of which a source gave a row that was not accepted; never those of an accepted row. */
export interface LeftOutMinutes extends TimeRange {
  readonly reason: LeftOutReason;
  /** One readable line: the open time, the field and its value, and what is allowed. */
  readonly detail: string;
}

/** The range that holds the candle's minute, where there is one. */
export function rangeOfMinute<T extends TimeRange>(
  ranges: readonly T[],
  { openTime }: { readonly openTime: EpochMicros },
): T | undefined {
  const minute = floorTo(openTime, MINUTE);
  return ranges.find(({ start, end }) => minute >= start && minute < end);
}

/** The candles whose minutes lie in none of the ranges. */
export function candlesOutside(candles: readonly MinuteCandle[], ranges: readonly TimeRange[]): MinuteCandle[] {
  return candles.filter((candle) => rangeOfMinute(ranges, candle) === undefined);
}

/** Joins neighbours of one reason, ascending by time; a joined range keeps the detail of its first minute. */
export function joinLeftOut(minutes: readonly LeftOutMinutes[]): LeftOutMinutes[] {
  const joined: LeftOutMinutes[] = [];
  for (const next of [...minutes].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last?.reason === next.reason && next.start <= last.end) {
      joined[joined.length - 1] = { ...last, end: Math.max(last.end, next.end) };
    } else {
      joined.push(next);
    }
  }
  return joined;
}
