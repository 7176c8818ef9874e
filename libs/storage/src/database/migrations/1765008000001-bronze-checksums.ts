import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The CRC-32 of each bronze file up to its stored length, so that altered bytes are noticed. Files of before have none
 * until they are read through for the first time. And lines that could not be taken into the rows, so that they stay said.
 */
export class BronzeChecksums1765008000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "bronze_files" ADD COLUMN "crc32" integer');
    await runner.query(
      `CREATE TABLE "bronze_losses" ("writer_id" text NOT NULL, "file" text NOT NULL, "first_line" integer NOT NULL,
        "lines" integer NOT NULL, "noticed_at" integer NOT NULL, "reason" text NOT NULL,
        PRIMARY KEY ("writer_id", "file")) WITHOUT ROWID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "bronze_losses"');
    await runner.query('ALTER TABLE "bronze_files" DROP COLUMN "crc32"');
  }
}
