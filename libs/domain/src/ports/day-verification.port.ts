import type { CandleNumbers, EpochMicros } from '../model';

/** What the comparison of a stored day with the exchange's own says. */
export interface DayVerification {
  readonly symbol: string;
  /** Start of the UTC day. */
  readonly date: EpochMicros;
  readonly result: 'equal' | 'differs';
  /** Says nothing of a day with minutes captured later than this. */
  readonly checkedAt: EpochMicros;
}

/**
 * Why a day differs for good. `exchange_stop`: the exchange stopped on that day, and its minutes lack trades that its
 * day has. `contradiction`: asked twice, the exchange gave the same minutes and the same day, which do not agree; that
 * day is its 1d candle, or what the minutes of a verified file of its archive make.
 */
export type DifferenceReason = 'exchange_stop' | 'contradiction';

/** A day of which the exchange itself says two things. */
export interface KnownDifference {
  readonly symbol: string;
  readonly date: EpochMicros;
  readonly reason: DifferenceReason;
  /** The day as its minutes make it. */
  readonly stored: CandleNumbers;
  /** The day as the exchange gives it. */
  readonly exchange: CandleNumbers;
  readonly foundAt: EpochMicros;
}

/** What is known of days beside the exchange's own. */
export abstract class DayVerificationStore {
  /**
   * Keeps what was found; takes the place of what was said of the days before. A day that is equal now is no known
   * difference any more.
   */
  abstract save(verifications: readonly DayVerification[], differences: readonly KnownDifference[]): Promise<void>;

  /** Known differences of a symbol, ascending by date. */
  abstract knownDifferences(symbol: string): Promise<KnownDifference[]>;
}
