import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why minutes that were asked for are still missing. */
export class UnfilledRanges1764160000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "unfilled_ranges" ("symbol" text NOT NULL, "start_time" integer NOT NULL,
        "end_time" integer NOT NULL, "reason" text NOT NULL, "asked_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "start_time")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "unfilled_ranges"');
  }
}
