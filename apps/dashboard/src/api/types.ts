/** An item of `/symbols`. */
export interface SymbolItem {
  readonly symbol: string;
  readonly status: string;
  /** First UTC date with data. */
  readonly first_date: string | null;
  readonly coverage_pct: string;
}

/** An item of `/stream/prices`. */
export interface PriceItem {
  readonly timestamp_utc: string;
  readonly symbol: string;
  readonly lastPrice: string;
  readonly priceChangePercent: string;
}

/** An item of `/candles`. */
export interface CandleItem {
  readonly open_time: string;
  readonly close_time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly is_final: boolean;
  readonly missing_minutes: number;
}

/** An item of `/coverage`. */
export interface CoverageItem {
  readonly start: string;
  readonly end: string;
  readonly state: 'captured' | 'quiet' | 'stopped' | 'missing';
  readonly repaired: boolean;
  readonly reason: string | null;
}

/** What `/health` says. */
export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly reasons: readonly string[];
  /** `origin`: `binance`, a venue's host, `simulator:SEED` or `recording:HASH:DAYS`; null before the first answer of it. */
  readonly storage: { readonly origin: string | null };
}

export interface ListPage<Item> {
  readonly data: readonly Item[];
  readonly next_url: string | null;
}
