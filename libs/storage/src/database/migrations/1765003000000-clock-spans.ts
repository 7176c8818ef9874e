import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stamps that a clock which was ahead has given. */
export class ClockSpans1765003000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "clock_spans" ("start_time" integer NOT NULL, "end_time" integer NOT NULL, "until" integer NOT NULL,
        "settled" integer NOT NULL DEFAULT (0), PRIMARY KEY ("start_time", "end_time", "until")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "clock_spans"');
  }
}
