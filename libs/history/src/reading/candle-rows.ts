import type { EpochMicros, StoredCandle, StoredInterval, TimeRange } from '@app/domain';
import type { JoinedMinute, RollUp } from '../roll-up';
import type { NotedStop, StoppedDay } from '../stops';

/** An hour or day as it is stored, by its open time. */
export interface StoredRollUp {
  readonly openTime: EpochMicros;
  readonly rollUp: RollUp;
}

/**
 * What of a day's minutes changes with any of them: a minute more or less changes the number, another version of one its
 * revision, and a stamp that was put right the sum of stamps. Sums are null of no minutes.
 */
export type DayStamp = readonly [minutes: number, revisions: number | null, stamps: number | null];

/** Stamps of minutes are summed by so many of their lower bits, so that a day's sum is exact in a JavaScript number. */
export const STAMP_BITS = 32;

/** Candles of a store, as the questions for candles of any interval ask for them; ascending by open time. */
export interface CandleRows {
  /** Open time of the first minute that is stored in a range. */
  firstMinute(symbol: string, from: EpochMicros, until: EpochMicros): EpochMicros | undefined;
  /** At most `size` minutes that open from `from` on, before `until`, in one state of the store. */
  minutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): readonly StoredCandle[];
  /** The same with their numbers as one text. */
  joinedMinutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): readonly JoinedMinute[];
  /** At most `size` hours or days that open from `from` on, before `until`. */
  rollUps(
    symbol: string,
    interval: StoredInterval,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): readonly StoredRollUp[];
  /** The version of a minute that was current at a time and is not any more. */
  superseded(symbol: string, openTime: EpochMicros, asOf: EpochMicros): StoredCandle | undefined;
  /** The same with its numbers as one text. */
  joinedSuperseded(symbol: string, openTime: EpochMicros, asOf: EpochMicros): JoinedMinute | undefined;
  /** Minutes of a range of which a version may have been captured by a time, each as it is now. */
  joinedKnown(symbol: string, from: EpochMicros, until: EpochMicros, asOf: EpochMicros): readonly JoinedMinute[];
  /** The stamp of the minutes of a UTC day; `day` is its start. */
  stampOf(symbol: string, day: EpochMicros): DayStamp | undefined;
}

/** What a store knows of the minutes that it does not have. */
export interface AccountRows {
  /** Open time of a symbol's first candle on the exchange; undefined where that is not known, or older ones are stored. */
  firstDue(symbol: string): EpochMicros | undefined;
  /** What is stopped now of a range, ascending. */
  stopped(symbol: string, range: TimeRange): readonly TimeRange[];
  /** Stopped minutes of each day that has any. */
  stoppedDays(symbol: string, range: TimeRange): readonly StoppedDay[];
  /** Stops that were noted by a time, with what has become of their minutes since; those that are missing are left out. */
  notedStops(symbol: string, range: TimeRange, asOf: EpochMicros): readonly NotedStop[];
  /** Open times of the minutes of which anything had been captured by a time. */
  capturedBy(symbol: string, range: TimeRange, asOf: EpochMicros): readonly EpochMicros[];
}
