import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the consumer of a broker needs: how far each partition is taken, what was lost, keys taken without rows. */
export class KafkaSink1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const tables = [
      `"sink_progress" ("topic" text NOT NULL, "partition" integer NOT NULL, "epoch" integer NOT NULL,
        "next_offset" integer, "last_hash" text, "cluster_id" text, PRIMARY KEY ("topic", "partition"))`,
      `"topic_losses" ("topic" text NOT NULL, "partition" integer NOT NULL, "noticed_at" integer NOT NULL,
        "from_offset" integer NOT NULL, "to_offset" integer NOT NULL,
        PRIMARY KEY ("topic", "partition", "noticed_at"))`,
      `"taken_keys" ("kind" text NOT NULL, "symbol" text NOT NULL, "time" integer NOT NULL, "source" text NOT NULL,
        "captured_at" integer NOT NULL, "numbers_hash" text NOT NULL,
        PRIMARY KEY ("kind", "symbol", "time", "source", "captured_at"))`,
    ];
    for (const table of tables) await runner.query(`CREATE TABLE ${table} WITHOUT ROWID`);
    await runner.query('CREATE INDEX "taken_keys_age" ON "taken_keys" ("captured_at")');
    // Whether the first backfill of the symbol has been planned: candles may arrive before anybody plans it.
    await runner.query('ALTER TABLE "symbols" ADD COLUMN "backfill_planned" integer NOT NULL DEFAULT (0)');
    await runner.query('UPDATE "symbols" SET "backfill_planned" = 1 WHERE "ledger_start" IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "symbols" DROP COLUMN "backfill_planned"');
    for (const table of ['taken_keys', 'topic_losses', 'sink_progress']) await runner.query(`DROP TABLE "${table}"`);
  }
}
