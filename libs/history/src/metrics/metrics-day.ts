import type { CandleNumbers, EpochMicros } from '@app/domain';

/** What metrics need of a day: the exact roll-up of its minutes. */
export interface MetricsDay extends Pick<CandleNumbers, 'open' | 'high' | 'low' | 'close' | 'volume' | 'quoteVolume'> {
  /** Start of the UTC day. */
  readonly date: EpochMicros;
}
