import type { StoredCandle } from '../ports';
import { formatEventTime, formatMillisTime, MILLISECOND, type CandleInterval, type EpochMicros } from '../model';
import type { CandleItem } from './items';

/**
 * A candle as `/candles` serves it at a market time. It is closed when its bucket has ended by then, as a stored minute
 * always has: whether all of its minutes are there is for the ledger to say.
 */
export function toCandleItem(candle: StoredCandle, interval: CandleInterval, now: EpochMicros): CandleItem {
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
    is_closed: interval === '1m' || candle.closeTime + MILLISECOND <= now,
    source: candle.source,
    captured_at: formatEventTime(candle.capturedAt),
    revision: candle.revision,
  };
}
