import { describeTable, type ColumnSpec } from '../rows/table';

const CAPTURE = {
  symbol: 'text',
  openTime: 'time',
  closeTime: 'time',
  open: 'decimal',
  high: 'decimal',
  low: 'decimal',
  close: 'decimal',
  volume: 'decimal',
  quoteVolume: 'decimal',
  tradeCount: 'integer',
  takerBuyVolume: 'decimal',
  takerBuyQuoteVolume: 'decimal',
  source: 'text',
  capturedAt: 'time',
} as const satisfies Readonly<Record<string, ColumnSpec>>;

/** Silver: closed minutes as they stand. */
export const CANDLES_1M = describeTable('candles_1m', ['symbol', 'openTime'], { ...CAPTURE, revision: 'integer' });

/** What a minute said before it was revised. */
export const CANDLE_REVISIONS = describeTable('candle_revisions', ['symbol', 'openTime', 'revision'], {
  ...CAPTURE,
  revision: 'integer',
  supersededAt: 'time',
});

/** Captures of a minute that repeat the version before them. */
export const CANDLE_REPEATS = describeTable('candle_repeats', ['symbol', 'openTime', 'capturedAt'], {
  ...CAPTURE,
  recorded: 'flag',
});
