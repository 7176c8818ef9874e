import { refusals } from './binance-error';

/** The unit of every time in an answer, from the header `X-MBX-TIME-UNIT`. */
export type TimeUnit = 'MILLISECOND' | 'MICROSECOND';

/** Reads the header; milliseconds when it is not sent. Throws the exchange's refusal of any other word. */
export function timeUnitOf(header: string | undefined): TimeUnit {
  switch (header) {
    case undefined:
    case 'MILLISECOND':
    case 'millisecond':
      return 'MILLISECOND';
    case 'MICROSECOND':
    case 'microsecond':
      return 'MICROSECOND';
    default:
      throw refusals.invalidTimeUnit();
  }
}

/** An instant, from epoch milliseconds. */
export function inUnit(milliseconds: number, unit: TimeUnit): number {
  return unit === 'MICROSECOND' ? milliseconds * 1_000 : milliseconds;
}

/** The last instant of a bucket, from its last millisecond: in microseconds it ends in 999999. */
export function lastInstantInUnit(milliseconds: number, unit: TimeUnit): number {
  return unit === 'MICROSECOND' ? (milliseconds + 1) * 1_000 - 1 : milliseconds;
}
