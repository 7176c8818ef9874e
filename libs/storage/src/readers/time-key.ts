import { compareCodePoints, type EpochMicros, type TimeKey } from '@app/domain';

/** First time at which the symbol has rows after the key, in ascending order. */
export function firstTimeAfter({ time, symbol: last }: TimeKey, symbol: string): EpochMicros {
  return compareCodePoints(symbol, last) > 0 ? time : time + 1;
}
