import {
  ProcessStatusEntity,
  StoreFactEntity,
  StoreStatus,
  type ProcessStatusRow,
  type StoreReadiness,
} from '@app/domain';
import { ORIGIN_FACT } from '../database/origin-guard';
import type { ReadStore } from './read-store';

export class SqliteStoreStatus extends StoreStatus {
  constructor(private readonly store: ReadStore) {
    super();
  }

  readiness(): StoreReadiness {
    return this.store.readiness();
  }

  /** SQLite counts the commits that other connections make; the writer is always another connection. */
  version(): Promise<string> {
    return this.store.read(() => String(this.store.database.pragma('data_version', { simple: true })));
  }

  async origin(): Promise<string | null> {
    const fact = await this.store.connection.getRepository(StoreFactEntity).findOneBy({ name: ORIGIN_FACT });
    return fact?.value ?? null;
  }

  processes(): Promise<ProcessStatusRow[]> {
    return this.store.connection.getRepository(ProcessStatusEntity).find({ order: { process: 'ASC' } });
  }
}
