import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys of clients: of each its hash, and until when and how much it may be used. */
export class ApiKeys1765070000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "api_keys" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "name" text NOT NULL,
        "sha256" text NOT NULL, "created_at" integer NOT NULL, "expires_at" integer, "request_limit" integer,
        "revoked_at" integer, CONSTRAINT "UQ_api_keys_sha256" UNIQUE ("sha256"))`,
    );
    await runner.query('CREATE UNIQUE INDEX "api_keys_name" ON "api_keys" ("name") WHERE "revoked_at" IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "api_keys"');
  }
}
