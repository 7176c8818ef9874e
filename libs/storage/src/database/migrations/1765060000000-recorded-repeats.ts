import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Captures that were kept as repeats until now may have no line in bronze: they get one when they become versions. */
export class RecordedRepeats1765060000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "candle_repeats" ADD COLUMN "recorded" integer NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "candle_repeats" DROP COLUMN "recorded"');
  }
}
