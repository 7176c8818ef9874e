import type { MinuteCandle } from '@app/domain';
import { describeTable, type ColumnSpec, type ColumnValue, type RowOf } from '../rows/table';

/** The numbers of a candle, in the order in which all its tables have them. */
export const CANDLE_NUMBERS = {
  open: 'decimal',
  high: 'decimal',
  low: 'decimal',
  close: 'decimal',
  volume: 'decimal',
  quoteVolume: 'decimal',
  tradeCount: 'integer',
  takerBuyVolume: 'decimal',
  takerBuyQuoteVolume: 'decimal',
} as const satisfies Readonly<Record<string, ColumnSpec>>;

const CAPTURE = {
  symbol: 'text',
  openTime: 'time',
  closeTime: 'time',
  ...CANDLE_NUMBERS,
  source: 'text',
  capturedAt: 'time',
} as const satisfies Readonly<Record<string, ColumnSpec>>;

/** Silver: closed minutes as they stand. */
export const CANDLES_1M = describeTable(
  'candles_1m',
  ['symbol', 'openTime'],
  { ...CAPTURE, revision: 'integer' },
  (row) => captureValues(row, row.revision),
);

/** What a minute said before it was revised. */
export const CANDLE_REVISIONS = describeTable(
  'candle_revisions',
  ['symbol', 'openTime', 'revision'],
  { ...CAPTURE, revision: 'integer', supersededAt: 'time' },
  (row) => captureValues(row, row.revision, row.supersededAt),
);

/** Captures of a minute that repeat the version before them. */
export const CANDLE_REPEATS = describeTable(
  'candle_repeats',
  ['symbol', 'openTime', 'capturedAt'],
  { ...CAPTURE, recorded: 'flag' },
  (row) => captureValues(row, row.recorded),
);

export type MinuteRow = RowOf<typeof CANDLES_1M>;
export type RevisionRow = RowOf<typeof CANDLE_REVISIONS>;
export type RepeatRow = RowOf<typeof CANDLE_REPEATS>;

function captureValues(capture: MinuteCandle, ...others: readonly ColumnValue[]): ColumnValue[] {
  return [
    capture.symbol,
    capture.openTime,
    capture.closeTime,
    capture.open,
    capture.high,
    capture.low,
    capture.close,
    capture.volume,
    capture.quoteVolume,
    capture.tradeCount,
    capture.takerBuyVolume,
    capture.takerBuyQuoteVolume,
    capture.source,
    capture.capturedAt,
    ...others,
  ];
}

/** The capture that a row has. Each field by its name: spreading a row that a driver has made costs many times as much. */
export function captureOf(row: MinuteCandle): MinuteCandle {
  return {
    symbol: row.symbol,
    openTime: row.openTime,
    closeTime: row.closeTime,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quoteVolume,
    tradeCount: row.tradeCount,
    takerBuyVolume: row.takerBuyVolume,
    takerBuyQuoteVolume: row.takerBuyQuoteVolume,
    source: row.source,
    capturedAt: row.capturedAt,
  };
}
