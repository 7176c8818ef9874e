import { formatMillisTime, type EpochMicros } from '@app/domain';

/** A row that breaks the contract of a row. */
export interface BrokenRow {
  /** When it opens; undefined where that cannot be told. */
  readonly openTime: EpochMicros | undefined;
  /** What is wrong with it: the field, its value, and what is allowed. */
  readonly fault: string;
}

const LONGEST_VALUE = 80;

/** `volume is "1E+2", not an unsigned decimal …`. */
export function faultOf(field: string, value: unknown, allowed: string): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return `${field} is ${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text}, not ${allowed}`;
}

/** The fault with the row that has it, by the time at which it opens. */
export function rowDetail(openTime: EpochMicros, fault: string): string {
  return `the row of ${shortTime(openTime)}: ${fault}`;
}

/** The same for a row that does not say when it opens, by the row before it. */
export function timelessRowDetail(previous: EpochMicros | undefined, fault: string): string {
  return previous === undefined
    ? `a row before all others: ${fault}`
    : `the row after that of ${shortTime(previous)}: ${fault}`;
}

/** Without the milliseconds, where there are none. */
function shortTime(time: EpochMicros): string {
  return formatMillisTime(time).replace('.000Z', 'Z');
}
