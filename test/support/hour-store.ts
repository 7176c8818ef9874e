import { join } from 'node:path';
import { DAY, HOUR, MILLISECOND, MINUTE } from '@app/domain';
import { historyKinds } from '@app/history';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';
import { FakeClock } from '@app/testing';
import Database from 'better-sqlite3';

/** The hour behind the last one of every store. */
export const HOURS_END = Date.UTC(2026, 0, 15) * MILLISECOND;

/** Prices and volumes with about as many digits as the market has, other ones in each hour. */
const FILL = `
  WITH RECURSIVE hours(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM hours WHERE n < @hours)
  INSERT INTO candles_1h (symbol, open_time, open, high, low, close, volume, quote_volume, trade_count,
    taker_buy_volume, taker_buy_quote_volume, captured_at, revision, minutes, first_traded_minute, last_minute)
  SELECT @symbol, @end - n * ${HOUR}, price || '.' || cents, (price + 40) || '.' || cents, (price - 35) || '.' || cents,
    (price + 7) || '.' || printf('%02d', (cents * 7) % 100), (100 + n % 900) || '.' || printf('%05d', (n * 7919) % 100000),
    (price * 100) || '.' || printf('%08d', (n * 104729) % 100000000), 1000 + (n * 31) % 90000, '1.5', '2.5',
    @end - n * ${HOUR} + ${HOUR}, 1, 60, @end - n * ${HOUR}, @end - n * ${HOUR} + ${HOUR - MINUTE}
  FROM (SELECT n, 20000 + (n * 6007) % 70000 AS price, printf('%02d', (n * 37) % 100) AS cents FROM hours)`;

/**
 * A store in a folder that holds so many whole hours of each symbol and nothing else, the last of them before
 * {@link HOURS_END}; returns its path. It is written past the sink, which would take minutes for that.
 */
export async function fillHours(folder: string, symbols: readonly string[], hours: number): Promise<string> {
  const databasePath = join(folder, 'app.db');
  const store = await WriteStore.open({
    databasePath,
    rawDir: join(folder, 'raw'),
    kinds: historyKinds('crypto_prices'),
    clock: new FakeClock(HOURS_END + DAY),
    logger: createLogger('error', 'test'),
    metrics: new MetricsRegistry(),
  });
  await store.close();
  const database = new Database(databasePath);
  try {
    const track = database.prepare("INSERT INTO symbols (symbol, status) VALUES (?, 'TRADING')");
    const fill = database.prepare(FILL);
    // The days say how far the data reach.
    const days = database.prepare(`
      INSERT INTO candles_1d (symbol, open_time, open, high, low, close, volume, quote_volume, trade_count,
        taker_buy_volume, taker_buy_quote_volume, captured_at, revision, minutes, first_traded_minute, last_minute)
      SELECT symbol, open_time - open_time % ${DAY}, open, high, low, close, volume, quote_volume, trade_count,
        taker_buy_volume, taker_buy_quote_volume, captured_at, revision, 1440, first_traded_minute,
        open_time - open_time % ${DAY} + ${DAY - MINUTE}
      FROM candles_1h WHERE symbol = ? AND open_time % ${DAY} = 0`);
    database.transaction(() => {
      for (const symbol of symbols) {
        track.run(symbol);
        fill.run({ symbol, hours, end: HOURS_END });
        days.run(symbol);
      }
    })();
  } finally {
    database.close();
  }
  return databasePath;
}
