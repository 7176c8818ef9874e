import type { Ticker } from '../market/market';
import { inUnit, type TimeUnit } from './time-unit';

export type TickerType = 'FULL' | 'MINI';

/** A row of the 24-hour ticker in the full or the short form. */
export function tickerRow(ticker: Ticker, type: TickerType, unit: TimeUnit): Record<string, unknown> {
  const times = { openTime: inUnit(ticker.openTime, unit), closeTime: inUnit(ticker.closeTime, unit) };
  if (type === 'FULL') {
    return { ...ticker, ...times };
  }
  const { symbol, openPrice, highPrice, lowPrice, lastPrice, volume, quoteVolume, firstId, lastId, count } = ticker;
  const ids = firstId === undefined || lastId === undefined ? {} : { firstId, lastId };
  return { symbol, openPrice, highPrice, lowPrice, lastPrice, volume, quoteVolume, ...times, ...ids, count };
}
