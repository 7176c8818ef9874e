import type { CandleNumbers } from '@app/domain';

const FIELDS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'tradeCount',
  'takerBuyVolume',
  'takerBuyQuoteVolume',
] as const satisfies readonly (keyof CandleNumbers)[];

/** The fields in which two candles differ, each with both values: `volume 1.50 and 2.00, …`. */
export function describeDifference(one: CandleNumbers, other: CandleNumbers): string {
  return FIELDS.filter((field) => one[field] !== other[field])
    .map((field) => `${field} ${one[field]} and ${other[field]}`)
    .join(', ');
}

/** Whether each field has the same digits. */
export function sameDigits(one: CandleNumbers, other: CandleNumbers): boolean {
  return FIELDS.every((field) => one[field] === other[field]);
}
