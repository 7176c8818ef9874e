import {
  ProcessStatusEntity,
  StoreFactEntity,
  StoreStatus,
  type ProcessStatusRow,
  type StoreReadiness,
} from '@app/domain';
import { BRONZE_DAMAGE_FACT, ORIGIN_FACT } from '../database/store-facts';
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

  origin(): Promise<string | null> {
    return this.fact(ORIGIN_FACT);
  }

  async damagedFiles(): Promise<string[]> {
    const files = await this.fact(BRONZE_DAMAGE_FACT);
    return files === null ? [] : (JSON.parse(files) as string[]);
  }

  processes(): Promise<ProcessStatusRow[]> {
    return this.store.connection.getRepository(ProcessStatusEntity).find({ order: { process: 'ASC' } });
  }

  private async fact(name: string): Promise<string | null> {
    const fact = await this.store.connection.getRepository(StoreFactEntity).findOneBy({ name });
    return fact?.value ?? null;
  }
}
