import type { TrackedSymbol } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

interface FrameRow {
  readonly tracked_since: number | null;
  readonly ledger_start: number | null;
}

/** The frame of each symbol's ledger: from when on it is tracked, and which minute is the first. */
export class SymbolFrames {
  private readonly select: Statement<[string], FrameRow>;
  private readonly insert: Statement<[string, number, number]>;

  constructor(database: SqliteHandle) {
    this.select = database.prepare('SELECT tracked_since, ledger_start FROM symbols WHERE symbol = ?');
    this.insert = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start) VALUES (?, ?, ?)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, excluded.tracked_since),
         ledger_start = coalesce(ledger_start, excluded.ledger_start)`,
    );
  }

  read(symbol: string): TrackedSymbol | undefined {
    const row = this.select.get(symbol);
    if (row?.tracked_since == null || row.ledger_start == null) return undefined;
    return { symbol, trackedSince: row.tracked_since, ledgerStart: row.ledger_start };
  }

  /** Gives the symbol a frame unless it has one; returns what holds now. Inside write units only. */
  start(frame: TrackedSymbol): TrackedSymbol {
    this.insert.run(frame.symbol, frame.trackedSince, frame.ledgerStart);
    return this.read(frame.symbol) ?? frame;
  }
}
