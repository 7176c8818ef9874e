import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each symbol stood for, from when on. Of what is stored so far it is not known since when it holds. */
export class SymbolAssets1765006000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "symbol_assets" ("symbol" text NOT NULL, "since" integer NOT NULL, "base_asset" text NOT NULL,
        "quote_asset" text NOT NULL, PRIMARY KEY ("symbol", "since")) WITHOUT ROWID`,
    );
    await runner.query(
      `INSERT INTO "symbol_assets" ("symbol", "since", "base_asset", "quote_asset")
       SELECT "symbol", 0, "base_asset", "quote_asset" FROM "symbols"
       WHERE "base_asset" IS NOT NULL AND "quote_asset" IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "symbol_assets"');
  }
}
