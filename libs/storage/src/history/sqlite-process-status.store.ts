import { ProcessStatusStore, type ProcessStatusRow } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';

export class SqliteProcessStatusStore extends ProcessStatusStore {
  private readonly upsert: Statement<[ProcessStatusRow]>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
  ) {
    super();
    this.upsert = database.prepare(
      `INSERT INTO process_status (process, updated_at, status) VALUES (@process, @updatedAt, @status)
       ON CONFLICT (process) DO UPDATE SET updated_at = excluded.updated_at, status = excluded.status`,
    );
  }

  async write(row: ProcessStatusRow): Promise<void> {
    // Whatever it says is stale in ten seconds: it is not worth a flush.
    await this.queue.run(() => this.upsert.run(row), { durability: 'normal' });
  }
}
