import {
  floorTo,
  formatBucketTime,
  formatMillisTime,
  joinLeftOut,
  MINUTE,
  sameCandleNumbers,
  type DayOfMinutes,
  type EpochMicros,
  type LeftOutMinutes,
  type LeftOutReason,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { isClosed } from '../candles/minute-page';

/** Minutes whose stored numbers were replaced by those of a file. */
export interface ReplacedMinutes extends TimeRange {
  /** One readable line on the first of them. */
  readonly detail: string;
}

/** Leaves out the minutes that are not over at a time of the exchange: their numbers are not final. */
export function leaveOutOpen(day: DayOfMinutes, exchangeNow: EpochMicros): DayOfMinutes {
  return leaveOut(day, 'not_closed', (candle) =>
    isClosed(candle, exchangeNow)
      ? undefined
      : `close time is ${formatMillisTime(candle.closeTime)}, and the exchange's time is ${formatMillisTime(exchangeNow)}`,
  );
}

/**
 * Leaves out the minutes that are stored with more trades: a row with fewer is one that was written before its minute was
 * over, or from a source that had lost some.
 */
export function leaveOutFewerTrades(day: DayOfMinutes, stored: readonly MinuteCandle[]): DayOfMinutes {
  if (stored.length === 0) return day;
  const known = byOpenTime(stored);
  return leaveOut(day, 'fewer_trades', ({ openTime, tradeCount }) => {
    const storedCount = known.get(openTime)?.tradeCount ?? 0;
    return tradeCount < storedCount
      ? `trade count is ${tradeCount}, and the stored minute has ${storedCount}`
      : undefined;
  });
}

/** The minutes of a day that are stored with other numbers. */
export function replacedMinutes({ candles }: DayOfMinutes, stored: readonly MinuteCandle[]): ReplacedMinutes[] {
  if (stored.length === 0) return [];
  const known = byOpenTime(stored);
  return candles.flatMap((candle): ReplacedMinutes[] => {
    const before = known.get(candle.openTime);
    if (!before || sameCandleNumbers(before, candle)) return [];
    const start = floorTo(candle.openTime, MINUTE);
    const [has, had] = [numbersOf(candle), numbersOf(before)];
    return [{ start, end: start + MINUTE, detail: `the row of ${formatBucketTime(start)}: ${has}; before, ${had}` }];
  });
}

function leaveOut(
  day: DayOfMinutes,
  reason: LeftOutReason,
  why: (candle: MinuteCandle) => string | undefined,
): DayOfMinutes {
  const leftOut: LeftOutMinutes[] = [];
  const candles = day.candles.filter((candle) => {
    const what = why(candle);
    if (what === undefined) return true;
    const start = floorTo(candle.openTime, MINUTE);
    leftOut.push({ start, end: start + MINUTE, reason, detail: `the row of ${formatBucketTime(start)}: ${what}` });
    return false;
  });
  return leftOut.length === 0 ? day : { ...day, candles, leftOut: joinLeftOut([...day.leftOut, ...leftOut]) };
}

function byOpenTime(candles: readonly MinuteCandle[]): ReadonlyMap<EpochMicros, MinuteCandle> {
  return new Map(candles.map((candle) => [candle.openTime, candle]));
}

function numbersOf({ tradeCount, volume, close }: MinuteCandle): string {
  return `trade count ${tradeCount}, volume ${volume}, close ${close}`;
}
