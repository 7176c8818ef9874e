import type { CandleNumbers } from './candle';
import { addDecimalTexts, maxDecimalText, minDecimalText } from './decimal';
import { DecimalSum } from './decimal-sum';
import type { EpochMicros } from './time';

/**
 * A candle made of smaller ones, with what is needed to go on merging: which minutes it holds so far.
 *
 * The rule was found on recordings of the exchange and holds on every bucket of them: minutes without trades do not
 * count for open, high and low; close is the last minute's; sums are sums; a bucket of quiet minutes only is flat at
 * the previous close, which is the close those minutes carry. A minute that does not exist is not invented.
 */
export interface RollUp extends CandleNumbers {
  /** Minutes merged so far. */
  readonly minutes: number;
  /** Open time of the first minute that had a trade; null while all of them are quiet. */
  readonly firstTradedMinute: EpochMicros | null;
  /** Open time of the last minute merged. */
  readonly lastMinute: EpochMicros;
  /** Latest capture time among its minutes. */
  readonly capturedAt: EpochMicros;
  /** 1 plus the number of revisions its minutes have seen. */
  readonly revision: number;
}

/** What a roll-up needs of a minute. */
export interface RollUpMinute extends CandleNumbers {
  readonly openTime: EpochMicros;
  readonly capturedAt: EpochMicros;
  /** 1 where it is not said. */
  readonly revision?: number;
}

/** One minute as the roll-up of itself: the neutral start of a merge. */
export function rollUpOfMinute(minute: RollUpMinute): RollUp {
  return {
    open: minute.open,
    high: minute.high,
    low: minute.low,
    close: minute.close,
    volume: minute.volume,
    quoteVolume: minute.quoteVolume,
    tradeCount: minute.tradeCount,
    takerBuyVolume: minute.takerBuyVolume,
    takerBuyQuoteVolume: minute.takerBuyQuoteVolume,
    minutes: 1,
    firstTradedMinute: minute.tradeCount > 0 ? minute.openTime : null,
    lastMinute: minute.openTime,
    capturedAt: minute.capturedAt,
    revision: minute.revision ?? 1,
  };
}

function pricesOf(
  earlier: RollUp,
  later: RollUp,
): Pick<RollUp, 'open' | 'high' | 'low' | 'close' | 'firstTradedMinute'> {
  const { close } = later;
  if (earlier.firstTradedMinute === null && later.firstTradedMinute === null) {
    return { open: close, high: close, low: close, close, firstTradedMinute: null };
  }
  if (earlier.firstTradedMinute === null) {
    const { open, high, low, firstTradedMinute } = later;
    return { open, high, low, close, firstTradedMinute };
  }
  const { open, high, low, firstTradedMinute } = earlier;
  if (later.firstTradedMinute === null) return { open, high, low, close, firstTradedMinute };
  return {
    open,
    high: maxDecimalText(high, later.high),
    low: minDecimalText(low, later.low),
    close,
    firstTradedMinute,
  };
}

/**
 * Merges two roll-ups of which every minute of the first is before every minute of the second. Associative, so a day
 * made of hours equals a day made of minutes. Sums keep the largest scale of their addends.
 */
export function mergeRollUps(earlier: RollUp, later: RollUp): RollUp {
  return {
    ...pricesOf(earlier, later),
    volume: addDecimalTexts(earlier.volume, later.volume),
    quoteVolume: addDecimalTexts(earlier.quoteVolume, later.quoteVolume),
    tradeCount: earlier.tradeCount + later.tradeCount,
    takerBuyVolume: addDecimalTexts(earlier.takerBuyVolume, later.takerBuyVolume),
    takerBuyQuoteVolume: addDecimalTexts(earlier.takerBuyQuoteVolume, later.takerBuyQuoteVolume),
    minutes: earlier.minutes + later.minutes,
    lastMinute: later.lastMinute,
    capturedAt: Math.max(earlier.capturedAt, later.capturedAt),
    revision: earlier.revision + later.revision - 1,
  };
}

/**
 * Rolls up minutes given in ascending order of open time; undefined for none. The same as merging them one by one, in
 * one pass.
 */
export function rollUpMinutes(minutes: Iterable<RollUpMinute>): RollUp | undefined {
  const volume = new DecimalSum();
  const quoteVolume = new DecimalSum();
  const takerBuyVolume = new DecimalSum();
  const takerBuyQuoteVolume = new DecimalSum();
  let count = 0;
  let tradeCount = 0;
  let first: RollUpMinute | undefined;
  let last: RollUpMinute | undefined;
  let high = '';
  let low = '';
  let capturedAt = -Infinity;
  let revision = 1;
  for (const minute of minutes) {
    volume.add(minute.volume);
    quoteVolume.add(minute.quoteVolume);
    takerBuyVolume.add(minute.takerBuyVolume);
    takerBuyQuoteVolume.add(minute.takerBuyQuoteVolume);
    if (minute.tradeCount > 0) {
      high = first ? maxDecimalText(high, minute.high) : minute.high;
      low = first ? minDecimalText(low, minute.low) : minute.low;
      first ??= minute;
    }
    count += 1;
    tradeCount += minute.tradeCount;
    if (minute.capturedAt > capturedAt) capturedAt = minute.capturedAt;
    revision += (minute.revision ?? 1) - 1;
    last = minute;
  }
  if (!last) return undefined;
  return {
    open: first?.open ?? last.close,
    high: first ? high : last.close,
    low: first ? low : last.close,
    close: last.close,
    volume: volume.toString(),
    quoteVolume: quoteVolume.toString(),
    tradeCount,
    takerBuyVolume: takerBuyVolume.toString(),
    takerBuyQuoteVolume: takerBuyQuoteVolume.toString(),
    minutes: count,
    firstTradedMinute: first?.openTime ?? null,
    lastMinute: last.openTime,
    capturedAt,
    revision,
  };
}
