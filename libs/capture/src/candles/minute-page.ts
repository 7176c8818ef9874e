import {
  CANDLE_PAGE_LIMIT,
  MINUTE,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';

/** The first page of a range: as many minutes as one answer holds rows. */
export function firstPage({ start, end }: TimeRange): TimeRange {
  return { start, end: Math.min(end, start + CANDLE_PAGE_LIMIT * MINUTE) };
}

/** What was left out of closed minutes; rows of no known minute are told as soon as they come. */
export function closedOf(leftOut: readonly LeftOutMinutes[], exchangeNow: EpochMicros): LeftOutMinutes[] {
  return leftOut.filter(({ end }) => end <= exchangeNow);
}

/** Whether the minute is over at a time of the exchange. */
export function isClosed({ openTime, closeTime }: MinuteCandle, exchangeNow: EpochMicros): boolean {
  return Math.max(openTime + MINUTE, closeTime) <= exchangeNow;
}
