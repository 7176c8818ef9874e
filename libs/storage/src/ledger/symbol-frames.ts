import { withTrueStamps, type ManifestEntry } from '@app/bronze';
import type { TrackedSymbol } from '@app/domain';
import { notedSpans, noteStopUnit, raiseUnit, restoreAssetsUnit, runUnit, type Rows } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** Takes a {@link TrackedSymbol}. */
export const MOVE_LEDGER = `UPDATE symbols SET tracked_since = @trackedSince, ledger_start = @ledgerStart,
  ledger_floor = @ledgerStart, reach_checked = 1 WHERE symbol = @symbol`;

/**
 * Gives ledgers back to a database that was lost: from when on a symbol was tracked, its first minute, of which minutes it
 * had been noted that the exchange does not have them, and what the symbol stood for before.
 */
export class SymbolFrames {
  private readonly track: Statement<[string, number, number]>;
  private readonly extend: Statement<[string, number]>;
  private readonly move: Statement<[TrackedSymbol]>;

  constructor(
    database: SqliteHandle,
    private readonly rows: Rows,
  ) {
    const earliest = 'ledger_start = min(coalesce(ledger_start, excluded.ledger_start), excluded.ledger_start)';
    this.track = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start, backfill_planned) VALUES (?, ?, ?, 1)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, excluded.tracked_since), ${earliest}, backfill_planned = 1`,
    );
    this.extend = database.prepare(
      `INSERT INTO symbols (symbol, ledger_start) VALUES (?, ?) ON CONFLICT (symbol) DO UPDATE SET ${earliest},
         ledger_floor = min(ledger_floor, excluded.ledger_start)`,
    );
    this.move = database.prepare(MOVE_LEDGER);
  }

  /**
   * Takes what the lines of the manifest, in their order, say of ledgers; other lines say nothing of them. Before any
   * minute is written, for the revision of one depends on it. Inside write units only.
   */
  restore(entries: readonly ManifestEntry[]): void {
    for (const entry of withTrueStamps(entries)) this.restoreOne(entry);
  }

  private restoreOne(entry: ManifestEntry): void {
    // Nothing is stored yet that would have to be held against it.
    if (entry.kind === 'clock') this.rows.apply([notedSpans([entry.span], true)]);
    if (entry.kind === 'ledger') this.extend.run(entry.symbol, entry.ledgerStart);
    if (entry.kind === 'assets') runUnit(this.rows, restoreAssetsUnit(entry.change));
    if (entry.kind === 'revision') runUnit(this.rows, raiseUnit(entry.raised));
    if (entry.kind === 'stopped') runUnit(this.rows, noteStopUnit(entry.symbol, entry.range, entry.notedAt));
    if (entry.kind === 'tracking') {
      const { symbol, trackedSince, ledgerStart } = entry.frame;
      this.track.run(symbol, trackedSince, ledgerStart);
    }
    if (entry.kind === 'reach') this.move.run(entry.frame);
  }
}
