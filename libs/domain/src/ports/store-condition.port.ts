/**
 * Why a store cannot be used:
 * - `absent`: nothing has been captured yet
 * - `older_schema`: the capturing process of this version has not migrated it yet
 * - `newer_schema`: a later version of this program has migrated it
 * - `unavailable`: locked, not accessible, its disk full, or owned by another process: it may be well in a moment
 * - `ambiguous`: the file has a second name, under which another process could write past this one
 * - `damaged`: no database, malformed, cut off
 * - `foreign`: a database of another program
 * - `removed`, `replaced`, `overwritten`: that happened to the file while it was in use
 */
export type StoreFault =
  | 'absent'
  | 'older_schema'
  | 'newer_schema'
  | 'unavailable'
  | 'ambiguous'
  | 'damaged'
  | 'foreign'
  | 'removed'
  | 'replaced'
  | 'overwritten';

/** Whether and why the store can or cannot be used. */
export type StoreReadiness =
  | { readonly ready: true; readonly state: 'ready'; readonly reason: '' }
  | {
      readonly ready: false;
      readonly state: StoreFault;
      /** One readable line without paths, with what to do about it. */
      readonly reason: string;
    };

export const STORE_READY: StoreReadiness = { ready: true, state: 'ready', reason: '' };

/** The database of this process, for whoever writes to it or tells of it. */
export abstract class StoreCondition {
  abstract readiness(): StoreReadiness;

  /** Looks at the files from now on, logs what is found, and has the store opened again: for processes that run on. */
  abstract watchFiles(): void;

  /** What is not as it should be and keeps nothing from working: one readable line each, without paths. */
  abstract notes(): readonly string[];
}

/** What may be well by itself. */
const PASSING: ReadonlySet<StoreFault> = new Set<StoreFault>(['absent', 'older_schema', 'newer_schema', 'unavailable']);

/** The store cannot be used now. */
export class StoreNotReadyError extends Error {
  /** What clients are told: a store that is not ready yet, or one that somebody has to mend. */
  readonly code: 'STORE.NOT_READY' | 'STORE.DAMAGED';

  constructor(
    readonly reason: string,
    readonly state: StoreFault = 'unavailable',
  ) {
    super(reason);
    this.name = 'StoreNotReadyError';
    this.code = PASSING.has(state) ? 'STORE.NOT_READY' : 'STORE.DAMAGED';
  }

  /** Whether it is a matter of the file, and stays until something has happened to it. */
  get isDamage(): boolean {
    return this.code === 'STORE.DAMAGED';
  }
}
