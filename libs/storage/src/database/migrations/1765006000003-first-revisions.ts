import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Minutes whose versions count from a higher revision on, since others had been served before under those below. */
export class FirstRevisions1765006000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "first_revisions" ("symbol" text NOT NULL, "open_time" integer NOT NULL,
        "revision" integer NOT NULL, PRIMARY KEY ("symbol", "open_time")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "first_revisions"');
  }
}
