import { randomBytes } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The feed of changes: what streams resume from and what tells caches that something is new. */
export class ChangeFeed1765050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "feeds" ("id" integer PRIMARY KEY NOT NULL, "name" text NOT NULL, "next_position" integer NOT NULL,
        CONSTRAINT "UQ_feeds_name" UNIQUE ("name"))`,
    );
    await runner.query(
      `CREATE TABLE "changes" ("feed" integer NOT NULL, "position" integer NOT NULL, "committed_at" integer NOT NULL,
        "kind" text NOT NULL, "keys" blob NOT NULL, PRIMARY KEY ("feed", "position")) WITHOUT ROWID`,
    );
    await runner.query("INSERT INTO store_facts (name, value) VALUES ('feed_generation', ?)", [
      randomBytes(8).toString('hex'),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DELETE FROM store_facts WHERE name = 'feed_generation'");
    await runner.query('DROP TABLE "changes"');
    await runner.query('DROP TABLE "feeds"');
  }
}
