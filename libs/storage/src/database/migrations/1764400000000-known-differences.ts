import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Days of which the exchange itself says two things, beside what the last comparison of each day said. */
export class KnownDifferences1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "known_differences" ("symbol" text NOT NULL, "date" integer NOT NULL, "reason" text NOT NULL,
        "stored_numbers" text NOT NULL, "exchange_numbers" text NOT NULL, "found_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "date")) WITHOUT ROWID`,
    );
    await runner.query('DROP TABLE "day_verifications"');
    await runner.query(
      `CREATE TABLE "day_verifications" ("symbol" text NOT NULL, "date" integer NOT NULL, "result" text NOT NULL,
        "checked_at" integer NOT NULL, PRIMARY KEY ("symbol", "date")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "day_verifications"');
    await runner.query(
      `CREATE TABLE "day_verifications" ("symbol" text NOT NULL, "date" integer NOT NULL, "result" text NOT NULL,
        "reason" text, "stored_numbers" text, "exchange_numbers" text NOT NULL, "checked_at" integer NOT NULL,
        PRIMARY KEY ("symbol", "date")) WITHOUT ROWID`,
    );
    await runner.query('DROP TABLE "known_differences"');
  }
}
