import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Metrics of each day, and what comparisons with the exchange's own days say. The rows are made when the store opens. */
export class DailyMetrics1764150000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "daily_metrics" ("symbol" text NOT NULL, "date" integer NOT NULL, "close" text NOT NULL,
        "log_return" text, "vwap" text, "true_range" text, "vol_close_7d" text, "vol_close_30d" text,
        "vol_parkinson_30d" text, "vol_garman_klass_30d" text, "vol_yang_zhang_30d" text, "max_drawdown_30d" text,
        "observations" integer NOT NULL, "captured_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "date")) WITHOUT ROWID`,
    );
    await runner.query(
      `CREATE TABLE "day_verifications" ("symbol" text NOT NULL, "date" integer NOT NULL, "result" text NOT NULL,
        "reason" text, "stored_numbers" text, "exchange_numbers" text NOT NULL, "checked_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "date")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "day_verifications"');
    await runner.query('DROP TABLE "daily_metrics"');
  }
}
