import { sameNumber } from './decimal';
import type { EpochMicros } from './time';

/** The numbers of a candle. Prices in the quote asset, volumes in base and quote asset, as decimal text. */
export interface CandleNumbers {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  /** Raw trades, not aggregate trades. 0 means a quiet bucket: flat at the previous close. */
  readonly tradeCount: number;
  readonly takerBuyVolume: string;
  readonly takerBuyQuoteVolume: string;
}

/** Their fields, in the exchange's order. */
export const CANDLE_NUMBER_FIELDS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'tradeCount',
  'takerBuyVolume',
  'takerBuyQuoteVolume',
] as const satisfies readonly (keyof CandleNumbers)[];

/** One closed minute of one symbol, as the exchange gave it. */
export interface MinuteCandle extends CandleNumbers {
  readonly symbol: string;
  /** As the exchange gave it; a few old candles open off the full minute. */
  readonly openTime: EpochMicros;
  /** Last instant of the candle, to the millisecond. */
  readonly closeTime: EpochMicros;
  readonly source: string;
  /** When the answer that brought it was received. */
  readonly capturedAt: EpochMicros;
}

/** A minute whose versions count from a higher revision on. */
export interface RaisedRevision extends Pick<MinuteCandle, 'symbol' | 'openTime'> {
  /** Of its first version. */
  readonly revision: number;
}

export const KLINE_SOURCE = 'binance_api_v3_klines';

/** Source of minutes from the exchange's file archive. */
export const ARCHIVE_SOURCE = 'binance_archive_klines';

/** Whether two candles carry the same numbers ("1.50" and "1.5" are the same). */
export function sameCandleNumbers(a: CandleNumbers, b: CandleNumbers): boolean {
  return (
    a.tradeCount === b.tradeCount &&
    sameNumber(a.open, b.open) &&
    sameNumber(a.high, b.high) &&
    sameNumber(a.low, b.low) &&
    sameNumber(a.close, b.close) &&
    sameNumber(a.volume, b.volume) &&
    sameNumber(a.quoteVolume, b.quoteVolume) &&
    sameNumber(a.takerBuyVolume, b.takerBuyVolume) &&
    sameNumber(a.takerBuyQuoteVolume, b.takerBuyQuoteVolume)
  );
}
