import { count, date, datetime, decimal, flag, statistic, text, type BiField, type BiTable } from './bi-field';

const PRICE = { unit: 'quote asset per base asset' };
const ANNUALISED = { unit: 'fraction, annualised by 365 days', nullable: true } as const;
const MINUTES = { unit: 'minutes' };
const PERCENT = { unit: 'percent' };

const DATE = date('UTC date.', '2026-01-14');
const SYMBOL = text('Trading pair as the exchange writes it.', 'BTCUSDT');
const OPEN = decimal('First traded price.', '67001.10000000', PRICE);
const HIGH = decimal('Highest traded price.', '68020.00000000', PRICE);
const LOW = decimal('Lowest traded price.', '66850.55000000', PRICE);
const CLOSE = decimal('Last traded price.', '67900.10000000', PRICE);
const IS_FINAL = flag(
  "Whether the bucket has ended with none of its minutes missing, from the symbol's first on the exchange on: as in /candles. For ticker rows, two minutes after its end.",
  'true',
);
const SOURCE = text('kline: from candles of the exchange; ticker: only polled snapshots exist for that day.', 'kline');
const COVERAGE = decimal('Share of the expected minutes that are not missing, rounded down.', '100.00', PERCENT);

/**
 * The tables for sheets and BI tools: one source for headers, documentation and `/bi/datasets.json`. Names and order of
 * the columns are a promise to every dashboard that reads them. New columns are only ever added at the end.
 */
export const BI_TABLES = {
  daily_ohlc: {
    title: 'Daily prices',
    description: 'Open, high, low and close of each UTC day.',
    primaryKey: ['date', 'symbol'],
    fields: {
      date: DATE,
      symbol: SYMBOL,
      open: OPEN,
      high: HIGH,
      low: LOW,
      close: CLOSE,
      is_final: IS_FINAL,
      source: SOURCE,
    },
  },
  daily_volume: {
    title: 'Daily volumes',
    description: 'Volumes and trade counts of each UTC day.',
    primaryKey: ['date', 'symbol'],
    fields: {
      date: DATE,
      symbol: SYMBOL,
      volume: decimal(
        'Volume of the day; for ticker rows the rolling 24 hours of the last snapshot.',
        '24567.12300000',
        { unit: 'base asset' },
      ),
      quote_volume: decimal('Volume of the day; empty for ticker rows.', '1662000000.55000000', {
        unit: 'quote asset',
        nullable: true,
      }),
      trade_count: count('Trades of the day; empty for ticker rows.', '2801234', { unit: 'trades', nullable: true }),
      is_final: IS_FINAL,
      source: SOURCE,
    },
  },
  hourly_ohlcv: {
    title: 'Hourly prices and volumes',
    description: 'Prices, volumes and trade counts of each UTC hour.',
    primaryKey: ['open_time', 'symbol'],
    fields: {
      open_time: datetime('Start of the UTC hour.', '2026-01-14T13:00:00Z'),
      symbol: SYMBOL,
      open: { ...OPEN, example: '67510.00000000' },
      high: { ...HIGH, example: '67640.30000000' },
      low: { ...LOW, example: '67433.21000000' },
      close: { ...CLOSE, example: '67600.01000000' },
      volume: decimal('Volume of the hour.', '1023.62100000', { unit: 'base asset' }),
      quote_volume: decimal('Volume of the hour.', '69151876.42000000', { unit: 'quote asset' }),
      trade_count: count('Trades of the hour.', '116718', { unit: 'trades' }),
      is_final: IS_FINAL,
      source: text('kline: from candles of the exchange.', 'kline'),
    },
  },
  latest_prices: {
    title: 'Latest prices',
    description: 'The newest polled price of each symbol.',
    primaryKey: ['symbol'],
    fields: {
      symbol: SYMBOL,
      timestamp_utc: datetime('Moment of capture, UTC.', '2026-01-15T14:03:22.913852+00:00'),
      last_price: decimal('Last price.', '68001.20', PRICE),
      price_change_percent: decimal('Change over the rolling 24 hours.', '1.87', PERCENT),
      volume_24h: decimal('Volume of the rolling 24 hours; never to be summed.', '24567.123', { unit: 'base asset' }),
      source: text('ticker: from polled snapshots.', 'ticker'),
    },
  },
  daily_metrics: {
    title: 'Daily metrics',
    description:
      'Returns, volatilities and drawdown of each UTC day that has exchange candles, of what is stored of it: `is_final` of daily_ohlc says whether that is all. A window is the last 7 or 30 UTC dates including the row; a cell is empty when fewer than 80 % of its observations are there.',
    primaryKey: ['date', 'symbol'],
    fields: {
      date: DATE,
      symbol: SYMBOL,
      close: CLOSE,
      log_return: statistic('ln(close / close of the date before).', '0.01332914806', {
        unit: 'fraction',
        nullable: true,
      }),
      vwap: decimal(
        'quote_volume / volume, rounded half-even; empty when nothing was traded, or beyond 38 digits.',
        '67651.38907823',
        {
          ...PRICE,
          nullable: true,
        },
      ),
      true_range: decimal('Range of the day, extended to the previous close (Wilder 1978).', '1169.45000000', {
        unit: 'quote asset per base asset',
        nullable: true,
      }),
      vol_close_7d: statistic('Volatility of daily log returns over 7 dates.', '0.3317204581', ANNUALISED),
      vol_close_30d: statistic('Volatility of daily log returns over 30 dates.', '0.4120931147', ANNUALISED),
      vol_parkinson_30d: statistic('Volatility from daily ranges (Parkinson 1980).', '0.3870446125', ANNUALISED),
      vol_garman_klass_30d: statistic(
        'Volatility from open, high, low and close (Garman and Klass 1980).',
        '0.3799158002',
        ANNUALISED,
      ),
      vol_yang_zhang_30d: statistic(
        'Volatility that neither drift nor opening jumps disturb (Yang and Zhang 2000).',
        '0.3811274946',
        ANNUALISED,
      ),
      max_drawdown_30d: statistic('Largest loss from a daily close to a later one in 30 dates.', '0.08613410773', {
        unit: 'fraction',
        nullable: true,
      }),
      observations: count('Days with candles among the 30 dates.', '30', { unit: 'days' }),
      coverage_pct: COVERAGE,
    },
  },
  data_quality: {
    title: 'Data quality',
    description: 'What became of every minute of each UTC date since the first of a symbol.',
    primaryKey: ['date', 'symbol'],
    fields: {
      date: DATE,
      symbol: SYMBOL,
      expected_minutes: count('Minutes of the date that the ledger accounts for.', '1440', MINUTES),
      captured_minutes: count('Minutes stored, with trades.', '1437', MINUTES),
      quiet_minutes: count('Minutes stored, in which nothing was traded.', '3', MINUTES),
      exchange_stop_minutes: count('Minutes that the exchange does not have.', '0', MINUTES),
      missing_minutes: count(
        'Minutes not captured, or not yet asked for, from the begin of the ledger to two minutes ago: on the first date and today a candle of /candles may count others.',
        '0',
        MINUTES,
      ),
      repaired_minutes: count('Captured or quiet minutes that came in late.', '12', MINUTES),
      coverage_pct: COVERAGE,
      verified_against_exchange: text(
        "equal or differs: the day beside the exchange's own; empty when not compared since it last changed.",
        'equal',
        { nullable: true },
      ),
    },
  },
  symbols: {
    title: 'Symbols',
    description: 'What is captured, since when, and how completely.',
    primaryKey: ['symbol'],
    fields: {
      symbol: SYMBOL,
      base_asset: text(
        'Asset that is traded; of a name that was given to another pair, the newest. /symbols says since when.',
        'BTC',
        {
          nullable: true,
        },
      ),
      quote_asset: text('Asset that prices are in.', 'USDT', { nullable: true }),
      status: text(
        'What the exchange calls its state; UNKNOWN until it has told, DELISTED when it does not list it any more.',
        'TRADING',
      ),
      first_date: date('First UTC date with data.', '2025-10-17', { nullable: true }),
      last_date: date('Last UTC date with data.', '2026-01-15', { nullable: true }),
      last_event_utc: datetime('Time of the newest price event.', '2026-01-15T14:03:22.913852+00:00', {
        nullable: true,
      }),
      coverage_pct: COVERAGE,
    },
  },
} as const satisfies Readonly<Record<string, BiTable>>;

export type BiTableName = keyof typeof BI_TABLES;
export type BiColumn<Name extends BiTableName> = keyof (typeof BI_TABLES)[Name]['fields'] & string;

const names = Object.keys(BI_TABLES) as BiTableName[];

/** Header of each table, in order. */
export const BI_TABLE_HEADERS = Object.fromEntries(
  names.map((name) => [name, Object.keys(BI_TABLES[name].fields)]),
) as unknown as { readonly [Name in BiTableName]: readonly BiColumn<Name>[] };

/** Columns of a table that hold numbers, in order. */
export function numericColumns(name: BiTableName): readonly string[] {
  return Object.entries<BiField>(BI_TABLES[name].fields).flatMap(([column, { type }]) =>
    ['decimal', 'integer', 'statistic'].includes(type) ? [column] : [],
  );
}

/** A table of one row, as the documentation shows it. */
export function exampleCsv(name: BiTableName): string {
  const cells = Object.values<{ example: string }>(BI_TABLES[name].fields).map(({ example }) => example);
  return `${BI_TABLE_HEADERS[name].join(',')}\r\n${cells.join(',')}\r\n`;
}
