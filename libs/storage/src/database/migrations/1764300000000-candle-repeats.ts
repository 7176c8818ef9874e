import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What makes the tables independent of the order of arrival: captures that repeat a version (an older one with other
 * numbers may still come between), the earliest capture of a symbol, and a day's last stop apart from its last capture.
 * And where the exchange's own history of a symbol begins, which its three-day candles are counted from.
 */
export class CandleRepeats1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE "candle_repeats" (
      "symbol" text NOT NULL, "open_time" integer NOT NULL, "captured_at" integer NOT NULL,
      "open" text NOT NULL, "high" text NOT NULL, "low" text NOT NULL, "close" text NOT NULL,
      "volume" text NOT NULL, "quote_volume" text NOT NULL, "trade_count" integer NOT NULL,
      "taker_buy_volume" text NOT NULL, "taker_buy_quote_volume" text NOT NULL,
      "close_time" integer NOT NULL, "source" text NOT NULL,
      PRIMARY KEY ("symbol", "open_time", "captured_at")) WITHOUT ROWID`);
    await runner.query('ALTER TABLE "symbols" ADD COLUMN "first_captured_at" integer');
    await runner.query('ALTER TABLE "symbols" ADD COLUMN "first_minute" integer');
    await runner.query('ALTER TABLE "coverage_days" ADD COLUMN "stopped_at" integer');
    await runner.query(`UPDATE "symbols" SET "first_captured_at" = (
      SELECT min("captured_at") FROM (
        SELECT "captured_at" FROM "candles_1m" WHERE "symbol" = "symbols"."symbol"
        UNION ALL
        SELECT "captured_at" FROM "candle_revisions" WHERE "symbol" = "symbols"."symbol"))`);
    await runner.query('UPDATE "coverage_days" SET "stopped_at" = "changed_at" WHERE "stopped" > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "coverage_days" DROP COLUMN "stopped_at"');
    await runner.query('ALTER TABLE "symbols" DROP COLUMN "first_minute"');
    await runner.query('ALTER TABLE "symbols" DROP COLUMN "first_captured_at"');
    await runner.query('DROP TABLE "candle_repeats"');
  }
}
