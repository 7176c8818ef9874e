import { CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { describeTable, pickColumns, type ColumnSpec, type RowOf } from '../rows/table';
import { CANDLES_1D } from './roll-up-unit';

/** Runs of minutes in one state; minutes in no row are missing. */
export const COVERAGE = describeTable(
  'coverage',
  ['symbol', 'startTime'],
  { symbol: 'text', startTime: 'time', endTime: 'time', state: 'text', repaired: 'flag' },
  (row) => [row.symbol, row.startTime, row.endTime, row.state, row.repaired],
);

/** Gold: the ledger summed up by UTC day. */
export const COVERAGE_DAYS = describeTable(
  'coverage_days',
  ['symbol', 'date'],
  {
    symbol: 'text',
    date: 'time',
    captured: 'integer',
    quiet: 'integer',
    stopped: 'integer',
    repaired: 'integer',
    changedAt: 'time',
    stoppedAt: 'time?',
  },
  (row) => [row.symbol, row.date, row.captured, row.quiet, row.stopped, row.repaired, row.changedAt, row.stoppedAt],
);

/** Of the roll-ups of days, when the newest capture of their minutes came; to be read alone. */
export const DAY_CAPTURES = pickColumns(CANDLES_1D, ['symbol', 'openTime', 'capturedAt']);

const FRAME = {
  symbol: 'text',
  trackedSince: 'time?',
  ledgerStart: 'time?',
  ledgerFloor: 'time?',
  firstCapturedAt: 'time?',
} as const satisfies Readonly<Record<string, ColumnSpec>>;

/** Of symbols, what their ledgers are framed by. */
export const SYMBOL_FRAMES = describeTable('symbols', ['symbol'], FRAME, (row) => [
  row.symbol,
  row.trackedSince,
  row.ledgerStart,
  row.ledgerFloor,
  row.firstCapturedAt,
]);

/** The same with what was done about it: whether the first backfill was planned, and whether the begin was looked at. */
export const SYMBOL_LEDGERS = describeTable('symbols', ['symbol'], {
  ...FRAME,
  backfillPlanned: 'flag',
  reachChecked: 'flag',
});

/** Of minutes, what their account follows from; to be read alone. */
export const MINUTE_TRADES = pickColumns(CANDLES_1M, ['symbol', 'openTime', 'tradeCount', 'capturedAt']);

/** When the versions that a minute had before came; to be read alone. */
export const EARLIER_CAPTURES = pickColumns(CANDLE_REVISIONS, ['symbol', 'openTime', 'revision', 'capturedAt']);

export type CoverageRow = RowOf<typeof COVERAGE>;
export type CoverageDayRow = RowOf<typeof COVERAGE_DAYS>;
export type SymbolFrameRow = RowOf<typeof SYMBOL_FRAMES>;
export type SymbolLedgerRow = RowOf<typeof SYMBOL_LEDGERS>;
