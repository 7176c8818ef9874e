import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where no rows are written, repeats are kept too, with their lines: an older capture with other numbers makes versions
 * of them. Two captures of one instant with other numbers are two keys.
 */
export class KeptRepeats1764310000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await this.remake(
      runner,
      `"numbers_hash" text NOT NULL, "line" text,
       PRIMARY KEY ("kind", "symbol", "time", "source", "captured_at", "numbers_hash")`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.remake(
      runner,
      '"numbers_hash" text NOT NULL, PRIMARY KEY ("kind", "symbol", "time", "source", "captured_at")',
    );
  }

  private async remake(runner: QueryRunner, end: string): Promise<void> {
    const shared = '"kind", "symbol", "time", "source", "captured_at", "numbers_hash"';
    await runner.query('DROP INDEX "taken_keys_age"');
    await runner.query('ALTER TABLE "taken_keys" RENAME TO "taken_keys_before"');
    await runner.query(
      `CREATE TABLE "taken_keys" ("kind" text NOT NULL, "symbol" text NOT NULL, "time" integer NOT NULL,
        "source" text NOT NULL, "captured_at" integer NOT NULL, ${end}) WITHOUT ROWID`,
    );
    await runner.query(`INSERT OR IGNORE INTO "taken_keys" (${shared}) SELECT ${shared} FROM "taken_keys_before"`);
    await runner.query('DROP TABLE "taken_keys_before"');
    await runner.query('CREATE INDEX "taken_keys_age" ON "taken_keys" ("captured_at")');
  }
}
