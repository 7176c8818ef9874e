import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stops are few among the runs of the ledger: candles find those of their time without reading the others. */
export class StoppedIndex1765006000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "coverage_stopped" ON "coverage" ("symbol", "start_time", "end_time") WHERE "state" = 'stopped'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "coverage_stopped"');
  }
}
