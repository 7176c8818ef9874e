import type { PriceEvent } from '@app/domain';

/** A row of `price_events`. */
export interface PriceEventRow {
  readonly symbol: string;
  readonly timestamp: number;
  readonly source: string;
  readonly last_price: string;
  readonly price_change_percent: string;
  readonly volume: string;
}

export const PRICE_EVENT_COLUMNS = 'symbol, timestamp, source, last_price, price_change_percent, volume';

export function toPriceEvent(row: PriceEventRow): PriceEvent {
  return {
    timestamp: row.timestamp,
    symbol: row.symbol,
    lastPrice: row.last_price,
    priceChangePercent: row.price_change_percent,
    volume: row.volume,
    source: row.source,
  };
}
