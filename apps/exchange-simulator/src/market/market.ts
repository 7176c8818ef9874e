import type { Interval } from './interval';

/** The statuses a symbol of the simulator can have. In `BREAK` nothing trades and no row comes into being. */
export type SymbolStatus = 'TRADING' | 'BREAK';

/** A symbol as `exchangeInfo` describes it. Filters are the exchange's own objects, or empty when they are not known. */
export interface Instrument {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly filters: readonly Readonly<Record<string, unknown>>[];
}

/** A kline. Times are epoch milliseconds, the close time inclusive; decimals are the exchange's strings. */
export interface Candle {
  readonly openTime: number;
  readonly closeTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly tradeCount: number;
  readonly takerBuyVolume: string;
  readonly takerBuyQuoteVolume: string;
}

/**
 * Which klines are asked for, by open time. With `start`: the oldest from there on, not past `end`; without it: the
 * newest up to `end`. Times are epoch milliseconds, both ends inclusive. `offset` moves the buckets to another time zone.
 */
export interface KlineQuery {
  readonly symbol: string;
  readonly interval: Interval;
  readonly offset: number;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly limit: number;
}

/** An aggregate trade: the fills of one taker order at one price and time. Decimals are the exchange's strings. */
export interface AggTrade {
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  /** Ids of its first and its last raw trade. */
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly buyerIsMaker: boolean;
}

/**
 * Which aggregate trades are asked for. With `fromId` or `start`: the oldest from there on; without: the newest, up to
 * `end`. All bounds are inclusive, times are epoch milliseconds.
 */
export interface AggTradeQuery {
  readonly symbol: string;
  readonly fromId?: number | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly limit: number;
}

/** The rolling 24-hour statistics. What a market cannot know is absent. */
export interface Ticker {
  readonly symbol: string;
  readonly priceChange: string;
  readonly priceChangePercent: string;
  readonly weightedAvgPrice: string;
  readonly prevClosePrice?: string;
  readonly lastPrice: string;
  readonly lastQty?: string;
  readonly bidPrice?: string;
  readonly bidQty?: string;
  readonly askPrice?: string;
  readonly askQty?: string;
  readonly openPrice: string;
  readonly highPrice: string;
  readonly lowPrice: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly openTime: number;
  readonly closeTime: number;
  readonly firstId?: number;
  readonly lastId?: number;
  readonly count: number;
}

/** A half-open span of market time in epoch milliseconds. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/** A time without trading: of one symbol, or of the whole exchange. Bounds are whole minutes. */
export interface Stop extends TimeSpan {
  readonly symbol?: string | undefined;
}

/** A symbol that is listed at a moment. */
export interface NewListing {
  readonly baseAsset: string;
  readonly quoteAsset: string;
  /** Its first minute, epoch milliseconds. */
  readonly listedAt: number;
}

/** Everything the exchange knows about its market at a moment of market time (`now`, epoch milliseconds). */
export abstract class Market {
  /** Names where the data comes from: equal origins hold equal data. */
  abstract readonly origin: string;
  /** The listed symbols, or those of them that are among the given ones, in the exchange's order. */
  abstract instruments(now: number, among?: ReadonlySet<string>): readonly Instrument[];
  /** The listed symbol of that name. */
  abstract find(symbol: string, now: number): Instrument | undefined;
  abstract status(symbol: string, now: number): SymbolStatus;
  /** Why this market cannot give an interval in a time zone at all; undefined when it can. */
  abstract refusal(interval: Interval, offset: number): 'interval' | 'timeZone' | undefined;
  /** Rows oldest first; empty for an unknown symbol. The newest may still be forming. */
  abstract klines(query: KlineQuery, now: number): Candle[];
  /** Oldest first, with ids that run on by one; undefined when this market knows no trades of the symbol. */
  abstract aggTrades(query: AggTradeQuery, now: number): AggTrade[] | undefined;
  /** The statistics of the last 24 hours; undefined when the market has none for the symbol. */
  abstract ticker(symbol: string, now: number): Ticker | undefined;
  /** Replaces the stops that come on top of the market's own. */
  abstract setStops(stops: readonly Stop[]): void;
  /** Replaces the symbols that are listed on top of the market's own. */
  abstract setNewListings(listings: readonly NewListing[]): void;
}
