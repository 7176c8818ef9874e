import type { MigrationInterface, QueryRunner } from 'typeorm';

const DAY = 86_400_000_000;
const MINUTE = 60_000_000;

/**
 * When stops were noted, of which only the last of each day was stored so far; a stop counts from that one on. And roll-ups
 * count distinct minutes: where two candles opened in one minute, the ledger tells how many there are.
 */
export class StopNotes1765006000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "stop_notes" ("symbol" text NOT NULL, "start_time" integer NOT NULL, "end_time" integer NOT NULL,
        "noted_at" integer NOT NULL, PRIMARY KEY ("symbol", "start_time")) WITHOUT ROWID`,
    );
    await runner.query(
      `INSERT INTO "stop_notes" ("symbol", "start_time", "end_time", "noted_at")
       WITH RECURSIVE "part" ("symbol", "start_time", "end_time", "rest_end") AS (
         SELECT "symbol", "start_time", min("end_time", ("start_time" / ${DAY} + 1) * ${DAY}), "end_time"
         FROM "coverage" WHERE "state" = 'stopped'
         UNION ALL
         SELECT "symbol", "end_time", min("rest_end", "end_time" + ${DAY}), "rest_end" FROM "part"
         WHERE "end_time" < "rest_end")
       SELECT "symbol", "start_time", "end_time", coalesce((
           SELECT coalesce("stopped_at", "changed_at") FROM "coverage_days"
           WHERE "coverage_days"."symbol" = "part"."symbol"
             AND "date" = "part"."start_time" - "part"."start_time" % ${DAY}), 0)
       FROM "part"`,
    );
    await this.countDistinctMinutes(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "stop_notes"');
  }

  private async countDistinctMinutes(runner: QueryRunner): Promise<void> {
    const days = (await runner.query(
      `SELECT "candles_1d"."symbol" AS "symbol", "open_time" AS "date" FROM "candles_1d" JOIN "coverage_days"
         ON "coverage_days"."symbol" = "candles_1d"."symbol" AND "coverage_days"."date" = "open_time"
       WHERE "minutes" <> "captured" + "quiet"`,
    )) as { symbol: string; date: number }[];
    for (const { symbol, date } of days) {
      await runner.query(
        `UPDATE "candles_1h" SET "minutes" = coalesce((
           SELECT sum(min("end_time", "open_time" + 60 * ${MINUTE}) - max("start_time", "open_time")) / ${MINUTE}
           FROM "coverage" WHERE "coverage"."symbol" = "candles_1h"."symbol" AND "state" <> 'stopped'
             AND "start_time" < "open_time" + 60 * ${MINUTE} AND "end_time" > "open_time"), "minutes")
         WHERE "symbol" = ? AND "open_time" >= ? AND "open_time" < ?`,
        [symbol, date, date + DAY],
      );
      await runner.query(
        `UPDATE "candles_1d" SET "minutes" = (
           SELECT "captured" + "quiet" FROM "coverage_days"
           WHERE "coverage_days"."symbol" = "candles_1d"."symbol" AND "date" = "open_time")
         WHERE "symbol" = ? AND "open_time" = ?`,
        [symbol, date],
      );
    }
  }
}
