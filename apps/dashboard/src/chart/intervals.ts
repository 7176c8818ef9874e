/** Intervals that the page offers, with their length in seconds; months have none that is always the same. */
export const INTERVALS = {
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '4h': 14_400,
  '1d': 86_400,
  '1w': 604_800,
  '1M': undefined,
} as const;

export type Interval = keyof typeof INTERVALS;

/** Candles on the screen. */
export const CANDLES_SHOWN = 300;
