import { processOfInstance, ProcessStatusStore, SILENT_STATUS_KEPT, type ProcessStatusRow } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';

export class SqliteProcessStatusStore extends ProcessStatusStore {
  private readonly upsert: Statement<[ProcessStatusRow]>;
  private readonly removeOthers: Statement<[string, string, number, number]>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
  ) {
    super();
    this.upsert = database.prepare(
      `INSERT INTO process_status (process, updated_at, status) VALUES (@process, @updatedAt, @status)
       ON CONFLICT (process) DO UPDATE SET updated_at = excluded.updated_at, status = excluded.status`,
    );
    // A clock that was ahead may have stamped a row with a time that is yet to come.
    this.removeOthers = database.prepare(
      'DELETE FROM process_status WHERE process <> ? AND (process = ? OR abs(updated_at - ?) > ?)',
    );
  }

  async write(row: ProcessStatusRow): Promise<void> {
    const { process, updatedAt } = row;
    // Whatever it says is stale in ten seconds: it is not worth a flush.
    await this.queue.run(
      () => {
        this.upsert.run(row);
        this.removeOthers.run(process, processOfInstance(process), updatedAt, SILENT_STATUS_KEPT);
      },
      { durability: 'normal' },
    );
  }
}
