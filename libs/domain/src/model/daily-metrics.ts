import type { EpochMicros } from './time';

/** Metrics of one day of one symbol, as decimal text; null where there is too little to tell. */
export interface DailyMetrics {
  /** Start of the UTC day. */
  readonly date: EpochMicros;
  readonly close: string;
  /** ln(close / close of the date before). */
  readonly logReturn: string | null;
  readonly vwap: string | null;
  readonly trueRange: string | null;
  readonly volClose7d: string | null;
  readonly volClose30d: string | null;
  readonly volParkinson30d: string | null;
  readonly volGarmanKlass30d: string | null;
  readonly volYangZhang30d: string | null;
  readonly maxDrawdown30d: string | null;
  /** Days among the 30 dates of the window. */
  readonly observations: number;
}
