import type { EpochMicros } from './time';

/** One symbol's row of one 24-hour-ticker poll. Numbers are the exchange's own text. */
export interface PriceEvent {
  /** Moment of capture, ours, UTC; one poll gives all its symbols the same. */
  readonly timestamp: EpochMicros;
  readonly symbol: string;
  readonly lastPrice: string;
  /** Change over the rolling 24 hours in percent. */
  readonly priceChangePercent: string;
  /** Rolling 24-hour base-asset volume: never to be summed or differenced. */
  readonly volume: string;
  readonly source: string;
}

export const TICKER_SOURCE = 'binance_api_v3_ticker_24hr';
