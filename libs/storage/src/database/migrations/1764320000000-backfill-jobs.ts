import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Days that somebody asked to have filled, and what became of them. */
export class BackfillJobs1764320000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "backfill_jobs" ("symbol" text NOT NULL, "day" integer NOT NULL, "start_time" integer NOT NULL,
        "end_time" integer NOT NULL, "state" text NOT NULL, "reason" text, "changed_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "day")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "backfill_jobs"');
  }
}
