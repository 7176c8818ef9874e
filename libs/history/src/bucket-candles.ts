import {
  MILLISECOND,
  type BucketGrid,
  type EpochMicros,
  type MinuteAccount,
  type StoredCandle,
  type TimeRange,
} from '@app/domain';
import type { RollUp } from './roll-up';

/** `source` of all candles but minutes: they are made here, from minutes of the exchange. */
const ROLL_UP_SOURCE = 'rollup_1m';

/** A stored candle as a part of a larger one; undefined where it was not known yet. */
export interface CandlePart<Part> {
  readonly openTime: EpochMicros;
  readonly part: Part | undefined;
}

export interface Bucket<Part> {
  readonly openTime: EpochMicros;
  readonly parts: readonly Part[];
}

/** Parts, ascending, by the bucket that they are in. */
export function inBuckets<Part>(parts: readonly CandlePart<Part>[], grid: BucketGrid): Bucket<Part>[] {
  const found: { openTime: EpochMicros; parts: Part[] }[] = [];
  for (const { openTime, part } of parts) {
    const start = grid.startOf(openTime);
    const last = found.at(-1);
    const bucket = last?.openTime === start ? last : { openTime: start, parts: [] };
    if (bucket !== last) found.push(bucket);
    if (part) bucket.parts.push(part);
  }
  return found;
}

/** What a roll-up is as the candle of a bucket. */
export function rolledCandle(
  symbol: string,
  { start, end }: TimeRange,
  rollUp: RollUp,
  account: MinuteAccount,
): StoredCandle {
  return {
    symbol,
    openTime: start,
    closeTime: end - MILLISECOND,
    open: rollUp.open,
    high: rollUp.high,
    low: rollUp.low,
    close: rollUp.close,
    volume: rollUp.volume,
    quoteVolume: rollUp.quoteVolume,
    tradeCount: rollUp.tradeCount,
    takerBuyVolume: rollUp.takerBuyVolume,
    takerBuyQuoteVolume: rollUp.takerBuyQuoteVolume,
    source: ROLL_UP_SOURCE,
    capturedAt: rollUp.capturedAt,
    revision: rollUp.revision,
    account,
  };
}

/** When the current version of a minute was captured, and which one it is. */
export interface VersionStamp {
  readonly capturedAt: EpochMicros;
  readonly revision: number;
}

/**
 * Which version of a minute was current at a time: its `current` one, one that it has `superseded`, or none, as nothing had
 * been captured. A first version that was captured later had none before it.
 */
export function versionKnownAt(
  { capturedAt, revision }: VersionStamp,
  asOf: EpochMicros,
): 'current' | 'superseded' | 'none' {
  if (capturedAt <= asOf) return 'current';
  return revision === 1 ? 'none' : 'superseded';
}

/**
 * Whether an hour or day is what it was at a time: all of its minutes were known, and none has been revised since. Any
 * other is made anew of the minutes known then.
 */
export function isAsKnown({ capturedAt }: Pick<VersionStamp, 'capturedAt'>, asOf: EpochMicros): boolean {
  return capturedAt <= asOf;
}
