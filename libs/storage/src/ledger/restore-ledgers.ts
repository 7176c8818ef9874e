import { withTrueStamps, type ManifestEntry } from '@app/bronze';
import {
  notedSpans,
  noteStopUnit,
  raiseUnit,
  restoreAssetsUnit,
  restoreExtensionUnit,
  restoreMoveUnit,
  restoreTrackingUnit,
  runUnit,
  type Rows,
} from '@app/history';

/**
 * Gives ledgers back to a database that was lost: from when on a symbol was tracked, its first minute, of which minutes it
 * had been noted that the exchange does not have them, and what the symbol stood for before. `entries` are the lines of the
 * manifest in their order; other lines say nothing of ledgers. Before any minute is written, for the revision of one depends
 * on it. Inside write units only.
 */
export function restoreLedgers(rows: Rows, entries: readonly ManifestEntry[]): void {
  for (const entry of withTrueStamps(entries)) restoreOne(rows, entry);
}

function restoreOne(rows: Rows, entry: ManifestEntry): void {
  // Nothing is stored yet that would have to be held against it.
  if (entry.kind === 'clock') rows.apply([notedSpans([entry.span], true)]);
  if (entry.kind === 'ledger') runUnit(rows, restoreExtensionUnit(entry.symbol, entry.ledgerStart));
  if (entry.kind === 'assets') runUnit(rows, restoreAssetsUnit(entry.change));
  if (entry.kind === 'revision') runUnit(rows, raiseUnit(entry.raised));
  if (entry.kind === 'stopped') runUnit(rows, noteStopUnit(entry.symbol, entry.range, entry.notedAt));
  if (entry.kind === 'tracking') runUnit(rows, restoreTrackingUnit(entry.frame));
  if (entry.kind === 'reach') runUnit(rows, restoreMoveUnit(entry.frame));
}
