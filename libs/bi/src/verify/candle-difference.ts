import { CANDLE_NUMBER_FIELDS, type CandleNumbers } from '@app/domain';

/** The fields in which two candles differ, each with both values: `volume 1.50 and 2.00, …`. */
export function describeDifference(one: CandleNumbers, other: CandleNumbers): string {
  return CANDLE_NUMBER_FIELDS.filter((field) => one[field] !== other[field])
    .map((field) => `${field} ${one[field]} and ${other[field]}`)
    .join(', ');
}

/** Whether each field has the same digits. */
export function sameDigits(one: CandleNumbers, other: CandleNumbers): boolean {
  return CANDLE_NUMBER_FIELDS.every((field) => one[field] === other[field]);
}
