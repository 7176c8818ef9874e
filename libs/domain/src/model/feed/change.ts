import type { EpochMicros, TimeRange } from '../time';

/** A price event that was accepted. */
export interface PriceChange {
  readonly symbol: string;
  readonly timestamp: EpochMicros;
  readonly source: string;
}

/** A minute whose current version is another one than before; `revision` is that of the version it has now. */
export interface CandleChange {
  readonly symbol: string;
  readonly openTime: EpochMicros;
  readonly revision: number;
}

/** What changed of one symbol: from the first to behind the last minute or day, and how many of them. */
export interface RangeChange extends TimeRange {
  readonly symbol: string;
  readonly count: number;
}

/** Kinds of changes that are told by ranges: what was filled, accounted for, named, compared or removed. */
export const RANGE_KINDS = ['history', 'ledger', 'symbols', 'verified', 'removed'] as const;
export type RangeKind = (typeof RANGE_KINDS)[number];

/** What one write unit changed, of one kind. */
export type Change =
  | { readonly kind: 'prices'; readonly items: readonly PriceChange[] }
  | { readonly kind: 'candles'; readonly items: readonly CandleChange[] }
  | { readonly kind: RangeKind; readonly items: readonly RangeChange[] };

export type ChangeKind = Change['kind'];
