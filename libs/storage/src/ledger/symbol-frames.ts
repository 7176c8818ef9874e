import type { TrackedSymbol } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** Gives ledgers back to a database that was lost: from when on a symbol was tracked, and its first minute. */
export class SymbolFrames {
  private readonly upsert: Statement<[string, number, number]>;

  constructor(database: SqliteHandle) {
    this.upsert = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start, backfill_planned) VALUES (?, ?, ?, 1)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, excluded.tracked_since),
         ledger_start = coalesce(ledger_start, excluded.ledger_start),
         backfill_planned = 1`,
    );
  }

  /** What the database knows itself stays. Inside write units only. */
  restore({ symbol, trackedSince, ledgerStart }: TrackedSymbol): void {
    this.upsert.run(symbol, trackedSince, ledgerStart);
  }
}
