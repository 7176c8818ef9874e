import type { EpochMicros } from '@app/domain';
import type { ReadStore } from './read-store';

/** First minute of a symbol's ledger; undefined for a symbol that has none. */
export function ledgerStart(store: ReadStore, symbol: string): EpochMicros | undefined {
  return (
    store
      .statement<[string], { ledger_start: number | null }>('SELECT ledger_start FROM symbols WHERE symbol = ?')
      .get(symbol)?.ledger_start ?? undefined
  );
}
