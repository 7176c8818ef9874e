import {
  BI_TABLES,
  CURSOR_EXAMPLE,
  FEED_POSITION_EXAMPLE,
  type CandleItem,
  type CoverageItem,
  type DailyMetricsItem,
  type PriceEventItem,
  type SymbolItem,
} from '@app/domain';

/** Some lines of a stream as the documentation shows them. */
export const streamExample = (name: string, item: object): string =>
  `id: ${FEED_POSITION_EXAMPLE}\nevent: ${name}\ndata: ${JSON.stringify(item)}\n\n`;

interface PageExample {
  readonly data: readonly object[];
  readonly next_cursor: string;
  readonly next_url: string;
}

/** One page as the documentation shows it; `query` is what the route wants. */
export const pageExample = (route: string, item: object, query = 'symbol=BTCUSDT'): PageExample => ({
  data: [item],
  next_cursor: CURSOR_EXAMPLE,
  next_url: `${route}?${query}&limit=1&cursor=${CURSOR_EXAMPLE}`,
});

export const PRICE_EVENT_EXAMPLE: PriceEventItem = {
  timestamp_utc: '2026-01-15T14:03:22.913852+00:00',
  symbol: 'BTCUSDT',
  lastPrice: '68001.20',
  priceChangePercent: '1.87',
  volume: '24567.123',
  source: 'binance_api_v3_ticker_24hr',
};

export const CANDLE_EXAMPLE: CandleItem = {
  symbol: 'BTCUSDT',
  interval: '1h',
  open_time: '2026-01-15T14:00:00.000Z',
  close_time: '2026-01-15T14:59:59.999Z',
  open: '67900.10',
  high: '68020.00',
  low: '67850.55',
  close: '68001.20',
  volume: '812.4401',
  quote_volume: '55214321.8732',
  trade_count: 91234,
  taker_buy_volume: '401.2201',
  taker_buy_quote_volume: '27264110.1201',
  is_closed: true,
  source: 'rollup_1m',
  captured_at: '2026-01-15T15:00:03.120441+00:00',
  revision: 1,
  is_final: true,
  missing_minutes: 0,
};

export const COVERAGE_EXAMPLE: CoverageItem = {
  symbol: 'BTCUSDT',
  start: '2026-01-15T14:00:00Z',
  end: '2026-01-15T17:30:00Z',
  state: 'captured',
  repaired: false,
  reason: null,
};

const METRICS = BI_TABLES.daily_metrics.fields;

export const DAILY_METRICS_EXAMPLE: DailyMetricsItem = {
  date: METRICS.date.example,
  symbol: METRICS.symbol.example,
  close: METRICS.close.example,
  log_return: METRICS.log_return.example,
  vwap: METRICS.vwap.example,
  true_range: METRICS.true_range.example,
  vol_close_7d: METRICS.vol_close_7d.example,
  vol_close_30d: METRICS.vol_close_30d.example,
  vol_parkinson_30d: METRICS.vol_parkinson_30d.example,
  vol_garman_klass_30d: METRICS.vol_garman_klass_30d.example,
  vol_yang_zhang_30d: METRICS.vol_yang_zhang_30d.example,
  max_drawdown_30d: METRICS.max_drawdown_30d.example,
  observations: Number(METRICS.observations.example),
  coverage_pct: METRICS.coverage_pct.example,
};

export const SYMBOL_EXAMPLE: SymbolItem = {
  symbol: 'BTCUSDT',
  base_asset: 'BTC',
  quote_asset: 'USDT',
  status: 'TRADING',
  first_date: '2025-10-17',
  last_date: '2026-01-15',
  last_event_utc: '2026-01-15T14:03:22.913852+00:00',
  coverage_pct: '100.00',
  assets_since: null,
};
