import type { CandleNumbers } from './candle';
import { addDecimalTexts, maxDecimalText, minDecimalText } from './decimal';
import { sumDecimalTexts } from './decimal-sum';
import { MINUTE, floorTo, type EpochMicros } from './time';

/**
 * A candle made of smaller ones, with what is needed to go on merging: which minutes it holds so far.
 *
 * The rule was found on recordings of the exchange and holds on every bucket of them: minutes without trades do not
 * count for open, high and low; close is the last minute's; sums are sums; a bucket of quiet minutes only is flat at
 * the previous close, which is the close those minutes carry. A minute that does not exist is not invented.
 */
export interface RollUp extends CandleNumbers {
  /** Distinct minutes merged so far: a few old candles open off the full minute, and share one with another. */
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
 * Merges two roll-ups of which every minute of the first is before every minute of the second, and none is in both.
 * Associative, so a day made of hours equals a day made of minutes. Sums keep the largest scale of their addends.
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

/** What the minutes with trades say of open, high and low; undefined when there are none. */
function tradedPrices(
  minutes: readonly RollUpMinute[],
): Pick<RollUp, 'open' | 'high' | 'low' | 'firstTradedMinute'> | undefined {
  let prices: { open: string; high: string; low: string; firstTradedMinute: EpochMicros } | undefined;
  for (const { tradeCount, openTime, open, high, low } of minutes) {
    if (tradeCount === 0) continue;
    if (prices) {
      prices.high = maxDecimalText(prices.high, high);
      prices.low = minDecimalText(prices.low, low);
    } else {
      prices = { open, high, low, firstTradedMinute: openTime };
    }
  }
  return prices;
}

/**
 * Rolls up minutes given in ascending order of open time; undefined for none. The same as merging them one by one, with
 * each sum made in one go.
 */
export function rollUpMinutes(minutes: readonly RollUpMinute[]): RollUp | undefined {
  const [first] = minutes;
  const last = minutes.at(-1);
  if (!first || !last) return undefined;
  if (minutes.length === 1) return rollUpOfMinute(first);
  const { close } = last;
  const flat = { open: close, high: close, low: close, firstTradedMinute: null };
  let [tradeCount, capturedAt, revision] = [0, 0, 1];
  let [distinct, before] = [0, -1];
  for (const minute of minutes) {
    const start = floorTo(minute.openTime, MINUTE);
    if (start !== before) distinct += 1;
    before = start;
    tradeCount += minute.tradeCount;
    capturedAt = Math.max(capturedAt, minute.capturedAt);
    revision += (minute.revision ?? 1) - 1;
  }
  return {
    ...(tradedPrices(minutes) ?? flat),
    close,
    volume: sumDecimalTexts(minutes.map(({ volume }) => volume)),
    quoteVolume: sumDecimalTexts(minutes.map(({ quoteVolume }) => quoteVolume)),
    tradeCount,
    takerBuyVolume: sumDecimalTexts(minutes.map(({ takerBuyVolume }) => takerBuyVolume)),
    takerBuyQuoteVolume: sumDecimalTexts(minutes.map(({ takerBuyQuoteVolume }) => takerBuyQuoteVolume)),
    minutes: distinct,
    lastMinute: last.openTime,
    capturedAt,
    revision,
  };
}
