import { CANDLE_PAGE_LIMIT, MINUTE, type EpochMicros, type MinuteCandle, type TimeRange } from '@app/domain';

/** The first page of a range: as many minutes as one answer holds rows. */
export function firstPage({ start, end }: TimeRange): TimeRange {
  return { start, end: Math.min(end, start + CANDLE_PAGE_LIMIT * MINUTE) };
}

/** Whether the minute is over at a time of the exchange. */
export function isClosed({ openTime, closeTime }: MinuteCandle, exchangeNow: EpochMicros): boolean {
  return Math.max(openTime + MINUTE, closeTime) <= exchangeNow;
}
