import type { StoredCandle } from '../ports';
import {
  completenessOf,
  formatEventTime,
  formatMillisTime,
  MILLISECOND,
  type CandleInterval,
  type Completeness,
  type EpochMicros,
} from '../model';
import type { CandleItem } from './items';

/** End of a candle's time. */
const endOf = ({ closeTime }: Pick<StoredCandle, 'closeTime'>): EpochMicros => closeTime + MILLISECOND;

/**
 * Whether a candle of an interval is closed at a market time: when its bucket has ended by then, as a stored minute always
 * has. Whether all of its minutes are there is for {@link candleCompleteness} to say.
 */
export function isClosedAt(
  candle: Pick<StoredCandle, 'closeTime'>,
  interval: CandleInterval,
  now: EpochMicros,
): boolean {
  return interval === '1m' || endOf(candle) <= now;
}

/** How whole a candle of an interval is at a market time. */
export function candleCompleteness(candle: StoredCandle, interval: CandleInterval, now: EpochMicros): Completeness {
  const end = endOf(candle);
  return completenessOf(end, candle.account, interval === '1m' ? Math.max(now, end) : now);
}

/** A candle as `/candles` serves it at a market time. */
export function toCandleItem(candle: StoredCandle, interval: CandleInterval, now: EpochMicros): CandleItem {
  const { isFinal, missingMinutes } = candleCompleteness(candle, interval, now);
  return {
    symbol: candle.symbol,
    interval,
    open_time: formatMillisTime(candle.openTime),
    close_time: formatMillisTime(candle.closeTime),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    quote_volume: candle.quoteVolume,
    trade_count: candle.tradeCount,
    taker_buy_volume: candle.takerBuyVolume,
    taker_buy_quote_volume: candle.takerBuyQuoteVolume,
    is_closed: isClosedAt(candle, interval, now),
    source: candle.source,
    captured_at: formatEventTime(candle.capturedAt),
    revision: candle.revision,
    is_final: isFinal,
    missing_minutes: missingMinutes,
  };
}
