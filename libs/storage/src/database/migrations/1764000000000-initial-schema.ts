import type { MigrationInterface, QueryRunner } from 'typeorm';

const CANDLE_NUMBERS = `
  "open" text NOT NULL, "high" text NOT NULL, "low" text NOT NULL, "close" text NOT NULL,
  "volume" text NOT NULL, "quote_volume" text NOT NULL, "trade_count" integer NOT NULL,
  "taker_buy_volume" text NOT NULL, "taker_buy_quote_volume" text NOT NULL,
  "captured_at" integer NOT NULL, "revision" integer NOT NULL`;

const ROLL_UP = `
  "symbol" text NOT NULL, "open_time" integer NOT NULL, ${CANDLE_NUMBERS},
  "minutes" integer NOT NULL, "first_traded_minute" integer, "last_minute" integer NOT NULL,
  PRIMARY KEY ("symbol", "open_time")`;

/**
 * History tables are clustered by their natural key (`WITHOUT ROWID`): rows arrive minute by minute for all symbols and
 * are read symbol by symbol. Times are integer microseconds since the epoch, decimals are text as received.
 */
export class InitialSchema1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const tables = [
      `"store_facts" ("name" text PRIMARY KEY NOT NULL, "value" text NOT NULL)`,
      `"bronze_files" ("writer_id" text NOT NULL, "file" text NOT NULL, "topic" text NOT NULL, "partition" integer,
        "length" integer NOT NULL, PRIMARY KEY ("writer_id", "file"))`,
      `"process_status" ("process" text PRIMARY KEY NOT NULL, "updated_at" integer NOT NULL, "status" text NOT NULL)`,
      `"symbols" ("symbol" text PRIMARY KEY NOT NULL, "base_asset" text, "quote_asset" text,
        "status" text NOT NULL DEFAULT ('UNKNOWN'), "tracked_since" integer, "ledger_start" integer)`,
      `"price_events" ("symbol" text NOT NULL, "timestamp" integer NOT NULL, "source" text NOT NULL,
        "last_price" text NOT NULL, "price_change_percent" text NOT NULL, "volume" text NOT NULL,
        PRIMARY KEY ("symbol", "timestamp", "source"))`,
      `"ticker_days" ("symbol" text NOT NULL, "date" integer NOT NULL, "open" text NOT NULL, "high" text NOT NULL,
        "low" text NOT NULL, "close" text NOT NULL, "volume" text NOT NULL, "first_timestamp" integer NOT NULL,
        "last_timestamp" integer NOT NULL, PRIMARY KEY ("symbol", "date"))`,
      `"candles_1m" ("symbol" text NOT NULL, "open_time" integer NOT NULL, ${CANDLE_NUMBERS},
        "close_time" integer NOT NULL, "source" text NOT NULL, PRIMARY KEY ("symbol", "open_time"))`,
      `"candle_revisions" ("symbol" text NOT NULL, "open_time" integer NOT NULL, ${CANDLE_NUMBERS},
        "close_time" integer NOT NULL, "source" text NOT NULL, "superseded_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "open_time", "revision"))`,
      `"candles_1h" (${ROLL_UP})`,
      `"candles_1d" (${ROLL_UP})`,
      `"coverage" ("symbol" text NOT NULL, "start_time" integer NOT NULL, "end_time" integer NOT NULL,
        "state" text NOT NULL, "repaired" integer NOT NULL DEFAULT (0), PRIMARY KEY ("symbol", "start_time"))`,
      `"coverage_days" ("symbol" text NOT NULL, "date" integer NOT NULL, "captured" integer NOT NULL DEFAULT (0),
        "quiet" integer NOT NULL DEFAULT (0), "stopped" integer NOT NULL DEFAULT (0),
        "repaired" integer NOT NULL DEFAULT (0), "changed_at" integer NOT NULL, PRIMARY KEY ("symbol", "date"))`,
    ];
    for (const table of tables) await runner.query(`CREATE TABLE ${table} WITHOUT ROWID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'coverage_days',
      'coverage',
      'candles_1d',
      'candles_1h',
      'candle_revisions',
      'candles_1m',
      'ticker_days',
      'price_events',
      'symbols',
      'process_status',
      'bronze_files',
      'store_facts',
    ]) {
      await runner.query(`DROP TABLE "${table}"`);
    }
  }
}
