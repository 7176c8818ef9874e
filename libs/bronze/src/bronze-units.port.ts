import type { BronzeUnit } from './bronze-unit';

export interface BronzeUnitOptions {
  /** `normal` for what can be fetched again; then a power cut (not a kill) may take the last commits back. */
  readonly durability?: 'full' | 'normal';
}

/** The write units of a store that keeps stored lengths: what a unit changes in it becomes true in one step, or not at all. */
export abstract class BronzeUnits {
  /** Runs a unit that appends nothing. */
  abstract run<T>(unit: () => T): Promise<T>;
  /** Runs a unit that may append lines. One that fails takes back its own, before anything else is appended. */
  abstract append<T>(unit: (bronze: BronzeUnit) => T, options?: BronzeUnitOptions): Promise<T>;
}
