import {
  bucketStart,
  formatEventTime,
  formatMillisTime,
  intervalLength,
  type CandleItem,
  type EpochMicros,
  type StoredCandle,
  type StoredInterval,
} from '@app/domain';

/** A stored candle as `/candles` serves it; it is closed when its bucket has ended, as a stored minute always has. */
export function toCandleItem(candle: StoredCandle, interval: StoredInterval, now: EpochMicros): CandleItem {
  const bucketEnd = bucketStart(interval, candle.openTime) + intervalLength(interval);
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
    is_closed: interval === '1m' || bucketEnd <= now,
    source: candle.source,
    captured_at: formatEventTime(candle.capturedAt),
    revision: candle.revision,
  };
}
