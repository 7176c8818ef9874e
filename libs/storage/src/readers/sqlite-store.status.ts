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
  private asked: Promise<string> | undefined;

  constructor(private readonly store: ReadStore) {
    super();
  }

  readiness(): StoreReadiness {
    return this.store.readiness();
  }

  /**
   * SQLite counts the commits that other connections make; the writer is always another connection. Asked once per turn
   * of the event loop: the requests of a turn had all arrived by then.
   */
  version(): Promise<string> {
    if (!this.asked) {
      this.asked = this.store.read(() =>
        String(this.store.statement<[], { data_version: number }>('PRAGMA data_version').get()?.data_version),
      );
      setImmediate(() => {
        this.asked = undefined;
      });
    }
    return this.asked;
  }

  async origin(): Promise<string | null> {
    const fact = await this.store.connection.getRepository(StoreFactEntity).findOneBy({ name: ORIGIN_FACT });
    return fact?.value ?? null;
  }

  processes(): Promise<ProcessStatusRow[]> {
    return this.store.connection.getRepository(ProcessStatusEntity).find({ order: { process: 'ASC' } });
  }
}
