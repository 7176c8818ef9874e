import { CANDLE_PAGE_LIMIT, floorTo, MINUTE, type EpochMicros, type MinuteCandle, type TimeRange } from '@app/domain';

/** The first page of a range: as many minutes as one answer holds rows. */
export function firstPage({ start, end }: TimeRange): TimeRange {
  return { start, end: Math.min(end, start + CANDLE_PAGE_LIMIT * MINUTE) };
}

/** The part of the asked range that the rows answer for: a full answer ends at its last row. */
export function answeredRange(asked: TimeRange, rows: readonly MinuteCandle[]): TimeRange {
  const last = rows.at(-1);
  if (!last || rows.length < CANDLE_PAGE_LIMIT) return asked;
  return { start: asked.start, end: Math.min(asked.end, floorTo(last.openTime, MINUTE) + MINUTE) };
}

/** Whether the minute is over at a time of the exchange. */
export function isClosed({ openTime, closeTime }: MinuteCandle, exchangeNow: EpochMicros): boolean {
  return Math.max(openTime + MINUTE, closeTime) <= exchangeNow;
}
