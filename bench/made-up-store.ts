import Database from 'better-sqlite3';
import { fillCandles } from '../test/support/made-up-candles';

export const MINUTE_MICROS = 60_000_000;
export const DAY_MINUTES = 1_440;
export const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'] as const;
/** Five years of each. */
export const MANY_MINUTES = SYMBOLS.length * 5 * 365 * DAY_MINUTES;

/** Gives each symbol of an empty store its share of made-up minutes, up to today, with hours, days and ledger. */
export function fillStore(path: string, symbols: readonly string[], minutes: number, today: number): void {
  const database = new Database(path);
  database.pragma('synchronous = OFF');
  const days = Math.ceil(minutes / symbols.length / DAY_MINUTES);
  const start = today - days * DAY_MINUTES * MINUTE_MICROS;
  database.transaction(() => {
    for (const symbol of symbols) {
      fillCandles(database, { table: 'candles_1m', minutes: 1 }, symbol, start, days * DAY_MINUTES);
      fillCandles(database, { table: 'candles_1h', minutes: 60 }, symbol, start, days * 24);
      fillCandles(database, { table: 'candles_1d', minutes: DAY_MINUTES }, symbol, start, days);
      database
        .prepare("INSERT INTO symbols (symbol, status, tracked_since, ledger_start) VALUES (?, 'TRADING', ?, ?)")
        .run(symbol, start, start);
      database
        .prepare("INSERT INTO coverage (symbol, start_time, end_time, state) VALUES (?, ?, ?, 'captured')")
        .run(symbol, start, today);
      database
        .prepare(
          `INSERT INTO coverage_days (symbol, date, captured, changed_at)
           SELECT symbol, open_time, ${DAY_MINUTES}, captured_at FROM candles_1d WHERE symbol = ?`,
        )
        .run(symbol);
    }
  })();
  database.exec('ANALYZE');
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}
