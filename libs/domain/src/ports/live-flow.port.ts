import type { EpochMicros } from '../model';
import type { TrackedSymbol } from './history-store.port';

/** How far live events have come, for the work on history that must not run ahead of them. */
export abstract class LiveFlow {
  /** Live events of the symbol up to this time have been handed over; undefined while nothing can be said. */
  abstract reach(symbol: string): EpochMicros | undefined;

  /** Whether live events are still on their way: what the store lacks may be among them. */
  abstract get waiting(): boolean;
}

/** From when live capture answers for a symbol: kept in the store, or where a process without one keeps its state. */
export abstract class SymbolTracking {
  /** What holds for a symbol; undefined before {@link ensure}. */
  abstract frame(symbol: string): Promise<TrackedSymbol | undefined>;

  /**
   * What holds for a symbol that the exchange of this origin has answered for, begun now unless it was before. Its ledger
   * begins with its first minute on the exchange where that is given.
   * @throws OriginMismatchError
   */
  abstract ensure(symbol: string, origin: string, listedAt?: EpochMicros): Promise<TrackedSymbol>;

  /** Every symbol that something is remembered of and that the exchange was not found to have delisted. */
  abstract known(): Promise<readonly string[]>;

  /** The symbol is captured no longer. */
  abstract forget(symbol: string): void;
}
