import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Offsets that a topic lacks are losses too: of these, not all between the first and the last need be gone, so that how
 * many were lost is stored beside them. What was noted before lacks all of its span, and the broker's retention took it.
 */
export class AbsentOffsets1765008000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "topic_losses" ADD COLUMN "reason" text NOT NULL DEFAULT ('retention')`);
    await runner.query('ALTER TABLE "topic_losses" ADD COLUMN "messages" integer NOT NULL DEFAULT (0)');
    await runner.query('UPDATE "topic_losses" SET "messages" = "to_offset" - "from_offset"');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "topic_losses" DROP COLUMN "messages"');
    await runner.query('ALTER TABLE "topic_losses" DROP COLUMN "reason"');
  }
}
