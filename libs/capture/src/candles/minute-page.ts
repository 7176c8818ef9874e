import { MINUTE, type EpochMicros, type MinuteCandle } from '@app/domain';

/** Whether the minute is over at a time of the exchange. */
export function isClosed({ openTime, closeTime }: MinuteCandle, exchangeNow: EpochMicros): boolean {
  return Math.max(openTime + MINUTE, closeTime) <= exchangeNow;
}
