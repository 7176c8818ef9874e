import type { PriceEvent } from '@app/domain';

export const PRICE_EVENT_COLUMNS = 'symbol, timestamp, source, last_price, price_change_percent, volume';

/** A row of `price_events`, in the order of these columns. */
export type PriceEventValues = readonly [
  symbol: string,
  timestamp: number,
  source: string,
  lastPrice: string,
  priceChangePercent: string,
  volume: string,
];

export function toPriceEvent(row: PriceEventValues): PriceEvent {
  return {
    timestamp: row[1],
    symbol: row[0],
    lastPrice: row[3],
    priceChangePercent: row[4],
    volume: row[5],
    source: row[2],
  };
}
