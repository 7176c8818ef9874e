import type { Candle } from '../market/market';
import { inUnit, lastInstantInUnit, type TimeUnit } from './time-unit';

/** A kline as the exchange sends it: an array of twelve, the last of them without meaning. */
export function klineRow(candle: Candle, unit: TimeUnit): (string | number)[] {
  return [
    inUnit(candle.openTime, unit),
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.volume,
    lastInstantInUnit(candle.closeTime, unit),
    candle.quoteVolume,
    candle.tradeCount,
    candle.takerBuyVolume,
    candle.takerBuyQuoteVolume,
    '0',
  ];
}
