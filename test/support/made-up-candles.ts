import Database from 'better-sqlite3';

const MINUTE_MICROS = 60_000_000;

/** Decimal text with eight digits behind the point, of a number that walks with the minute. */
const price = (plus: number): string =>
  `printf('%d.%02d000000', 60000 + (i * 7919 + ${plus}) % 900, (i + ${plus}) % 100)`;
const volume = (factor: number): string =>
  `printf('%d.%08d', 1 + (i * ${factor}) % 90, (i * 7919 * ${factor}) % 100000000)`;
const NUMBERS = [price(3), price(9), price(1), price(4), volume(1), volume(3), '1 + i % 900', volume(2), volume(5)];

/**
 * Fills one level of candles by SQL with `count` of `minutes` minutes each, from `start` (epoch microseconds) on: the
 * numbers in them are made up, their amount is what counts.
 */
export function fillCandles(
  database: Database.Database,
  level: { readonly table: 'candles_1m' | 'candles_1h' | 'candles_1d'; readonly minutes: number },
  symbol: string,
  start: number,
  count: number,
): void {
  const length = level.minutes * MINUTE_MICROS;
  const openTime = `${start} + i * ${length}`;
  const shared =
    'symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume, taker_buy_quote_volume, captured_at, revision';
  const values = ['?', openTime, ...NUMBERS, `${openTime} + ${length} + 2000000`, '1'].join(', ');
  const [columns, more] =
    level.minutes === 1
      ? ['close_time, source', `${openTime} + ${length} - 1000, 'binance_api_v3_klines'`]
      : [
          'minutes, first_traded_minute, last_minute',
          `${level.minutes}, ${openTime}, ${openTime} + ${length - MINUTE_MICROS}`,
        ];
  database
    .prepare(
      `WITH RECURSIVE candle(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM candle WHERE i + 1 < ?)
       INSERT INTO ${level.table} (${shared}, ${columns}) SELECT ${values}, ${more} FROM candle`,
    )
    .run(count, symbol);
}

/** Fills a store that nobody has open with so many minutes of each symbol, none of which it had. */
export function fillMinutes(databasePath: string, symbols: readonly string[], start: number, count: number): void {
  const database = new Database(databasePath, { fileMustExist: true });
  try {
    database.pragma('synchronous = OFF');
    database.transaction(() => {
      for (const symbol of symbols) {
        database.prepare("INSERT INTO symbols (symbol, status) VALUES (?, 'TRADING')").run(symbol);
        fillCandles(database, { table: 'candles_1m', minutes: 1 }, symbol, start, count);
      }
    })();
  } finally {
    database.close();
  }
}
