import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far back a ledger may reach at all, and whether it was looked at that its begin was not said by a clock that was behind. */
export class LedgerReach1765003000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "symbols" ADD COLUMN "ledger_floor" integer');
    await runner.query('ALTER TABLE "symbols" ADD COLUMN "reach_checked" integer NOT NULL DEFAULT (0)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "symbols" DROP COLUMN "reach_checked"');
    await runner.query('ALTER TABLE "symbols" DROP COLUMN "ledger_floor"');
  }
}
