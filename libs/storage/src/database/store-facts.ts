import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from './sqlite-connection';

/** Names of the facts that the database keeps about itself. */
export const ORIGIN_FACT = 'origin';
/** JSON array of the bronze files that the last start found damaged; absent when it found none. */
export const BRONZE_DAMAGE_FACT = 'bronze_damage';

/** Since when (microseconds) lines have been taken of which the tables have no rows. */
export const BRONZE_ONLY_FACT = 'bronze_only_since';

/** Version of the formulas that the stored metrics were made by. */
export const METRICS_VERSION_FACT = 'daily_metrics_version';

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
