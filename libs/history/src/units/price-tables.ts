import { describeTable, type RowOf } from '../rows/table';

/** Silver: polled prices. The change in percent has a sign, and so is no `decimal`. */
export const PRICE_EVENTS = describeTable(
  'price_events',
  ['symbol', 'timestamp', 'source'],
  {
    symbol: 'text',
    timestamp: 'time',
    source: 'text',
    lastPrice: 'decimal',
    priceChangePercent: 'text',
    volume: 'decimal',
  },
  (row) => [row.symbol, row.timestamp, row.source, row.lastPrice, row.priceChangePercent, row.volume],
);

/** Gold: what the polled prices of a UTC day say of it. */
export const TICKER_DAYS = describeTable(
  'ticker_days',
  ['symbol', 'date'],
  {
    symbol: 'text',
    date: 'time',
    open: 'decimal',
    high: 'decimal',
    low: 'decimal',
    close: 'decimal',
    volume: 'decimal',
    firstTimestamp: 'time',
    lastTimestamp: 'time',
  },
  ({ symbol, date, open, high, low, close, volume, firstTimestamp, lastTimestamp }) => [
    symbol,
    date,
    open,
    high,
    low,
    close,
    volume,
    firstTimestamp,
    lastTimestamp,
  ],
);

export type TickerDayRow = RowOf<typeof TICKER_DAYS>;
