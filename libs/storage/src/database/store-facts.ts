import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from './sqlite-connection';

/** Names of the facts that the database keeps about itself. */
export const ORIGIN_FACT = 'origin';
/** JSON object: which process captures into the database; absent while none does, and left by one that was killed. */
export const OWNER_FACT = 'owner';
/** When all of the database was last read and found whole (real time, microseconds). */
export const CHECKED_AT_FACT = 'checked_at';
/** JSON object: which backup is reading the raw files, and until when that holds; absent while none does. */
export const BACKUP_LEASE_FACT = 'backup_lease';
/** JSON array of the bronze files that the last start found damaged; absent when it found none. */
export const BRONZE_DAMAGE_FACT = 'bronze_damage';
/** JSON array of bronze files whose bytes are others than were stored. */
export const BRONZE_ALTERED_FACT = 'bronze_altered';

/** Version of the formulas that the stored metrics were made by. */
export const METRICS_VERSION_FACT = 'daily_metrics_version';

/** Which feed tables these are: random, made with them, so that no position of other ones is taken for theirs. */
export const FEED_GENERATION_FACT = 'feed_generation';

/** Single facts about the database. Written inside write units only. */
export class StoreFacts {
  private readonly select: Statement<[string], { value: string }>;
  private readonly upsert: Statement<[string, string]>;
  private readonly delete: Statement<[string]>;

  constructor(database: SqliteHandle) {
    this.select = database.prepare('SELECT value FROM store_facts WHERE name = ?');
    this.upsert = database.prepare(
      'INSERT INTO store_facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.delete = database.prepare('DELETE FROM store_facts WHERE name = ?');
  }

  get(name: string): string | undefined {
    return this.select.get(name)?.value;
  }

  /** Undefined removes the fact. */
  set(name: string, value: string | undefined): void {
    if (value === undefined) this.delete.run(name);
    else this.upsert.run(name, value);
  }
}
