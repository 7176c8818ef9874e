import {
  BronzeLossEntity,
  ProcessStatusEntity,
  StoreFactEntity,
  StoreStatus,
  type LostLines,
  type ProcessStatusRow,
  type StoreReadiness,
} from '@app/domain';
import { feedsVersion } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { BRONZE_ALTERED_FACT, BRONZE_DAMAGE_FACT, ORIGIN_FACT } from '../database/store-facts';
import type { ReadStore } from './read-store';
import { storedFeeds } from './sqlite-feed-rows';

export class SqliteStoreStatus extends StoreStatus {
  private asked: Promise<string> | undefined;
  /** The version at the last count of commits that was seen: each connection counts for itself. */
  private seen: { readonly database: SqliteHandle; readonly commits: number; readonly version: string } | undefined;

  constructor(private readonly store: ReadStore) {
    super();
  }

  readiness(): StoreReadiness {
    return this.store.readiness();
  }

  /**
   * SQLite counts the commits that other connections make; the writer is always another connection. What they changed is
   * in the feeds, so that what processes say of themselves makes no new version. Asked once per turn of the event loop:
   * the requests of a turn had all arrived by then.
   */
  version(): Promise<string> {
    if (!this.asked) {
      this.asked = this.store.read(() => {
        const { database } = this.store;
        const commits = this.store.rawStatement<[], readonly [number]>('PRAGMA data_version').get()?.[0] ?? NaN;
        if (database !== this.seen?.database || commits !== this.seen.commits)
          this.seen = {
            database,
            commits,
            version: database.transaction(() => feedsVersion(storedFeeds(this.store)))(),
          };
        return this.seen.version;
      });
      setImmediate(() => {
        this.asked = undefined;
      });
    }
    return this.asked;
  }

  origin(): Promise<string | null> {
    return this.fact(ORIGIN_FACT);
  }

  damagedFiles(): Promise<string[]> {
    return this.namesIn(BRONZE_DAMAGE_FACT);
  }

  alteredFiles(): Promise<string[]> {
    return this.namesIn(BRONZE_ALTERED_FACT);
  }

  async lostLines(): Promise<LostLines[]> {
    const rows = await this.store.connection.getRepository(BronzeLossEntity).find({ order: { file: 'ASC' } });
    return rows.map(({ file, firstLine, lines, noticedAt, reason }) => ({ file, firstLine, lines, noticedAt, reason }));
  }

  processes(): Promise<ProcessStatusRow[]> {
    return this.store.read(() =>
      this.store.connection.getRepository(ProcessStatusEntity).find({ order: { process: 'ASC' } }),
    );
  }

  private async namesIn(fact: string): Promise<string[]> {
    const files = await this.fact(fact);
    return files === null ? [] : (JSON.parse(files) as string[]);
  }

  private async fact(name: string): Promise<string | null> {
    const fact = await this.store.read(() => this.store.connection.getRepository(StoreFactEntity).findOneBy({ name }));
    return fact?.value ?? null;
  }
}
