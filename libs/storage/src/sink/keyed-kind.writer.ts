import type { CheckedEvent } from '@app/domain';
import type { KindHistory } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { ColumnValues } from './candle-row';
import type { KindOutcome, KindWriter } from './event-writer';

/** A row for each key, of which nothing else follows. An event whose key is there is a repeat. */
export class KeyedKindWriter implements KindWriter {
  private readonly fields: readonly string[];
  private readonly insert: Statement<[ColumnValues]>;
  private readonly insertSymbol: Statement<[string]>;

  constructor({ rows: { name, columns } }: KindHistory, database: SqliteHandle) {
    this.fields = columns.map(({ field }) => field);
    const names = columns.map((column) => column.name).join(', ');
    const parameters = columns.map(() => '?').join(', ');
    this.insert = database.prepare(`INSERT OR IGNORE INTO ${name} (${names}) VALUES (${parameters})`);
    this.insertSymbol = database.prepare('INSERT OR IGNORE INTO symbols (symbol) VALUES (?)');
  }

  write(events: readonly CheckedEvent[]): KindOutcome {
    const kept = events.map(({ kind, event }) => {
      const row = event as Readonly<Record<string, string | number | null>>;
      const isNew = this.insert.run(this.fields.map((field) => row[field] ?? null)).changes === 1;
      if (isNew) this.insertSymbol.run(kind.keyOf(event).symbol);
      return isNew;
    });
    return { outcomes: kept.map((isNew) => (isNew ? 'taken' : 'repeat')), kept, promoted: [], changes: [] };
  }
}
