import type { MinuteCandle } from './candle';
import { MINUTE, floorTo, type EpochMicros, type TimeRange } from './time';

/**
 * Stamps that a clock which was ahead has given: those in the range, of what had been captured in truth by `until`. The
 * true time runs through the range again later, so that a stamp alone does not tell.
 */
export interface ClockSpan extends TimeRange {
  readonly until: EpochMicros;
}

/** When a minute is over. */
export function closeOfMinute(openTime: EpochMicros): EpochMicros {
  return floorTo(openTime, MINUTE) + MINUTE;
}

/** Whether a stamp on something that was there from `from` on was given by a clock that was ahead. */
export function isStampedAhead(spans: readonly ClockSpan[], stamp: EpochMicros, from: EpochMicros): boolean {
  return spans.some(({ start, end, until }) => stamp >= start && stamp < end && from <= until);
}

/** A capture that was stamped by a clock which was ahead counts as captured at the close of its minute. */
export function asCaptured<Candle extends Pick<MinuteCandle, 'openTime' | 'capturedAt'>>(
  candle: Candle,
  spans: readonly ClockSpan[],
): Candle {
  const close = closeOfMinute(candle.openTime);
  return isStampedAhead(spans, candle.capturedAt, close) ? { ...candle, capturedAt: close } : candle;
}
