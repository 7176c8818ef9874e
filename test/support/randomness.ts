function wholeNumber(variable: string, fallback: number): number {
  const text = process.env[variable] ?? '';
  if (text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${variable}="${text}" is not allowed; expected a whole number`);
  return Number(text);
}

/** Seed of everything random in a fault test: `FAULT_SEED`, or another one each time. Printed, so that it can be given. */
export const FAULT_SEED = wholeNumber('FAULT_SEED', Math.floor(Math.random() * 1_000_000_000));

/** Seed of what the API is asked at random: `API_SEED`, or another one each time. */
export const API_SEED = wholeNumber('API_SEED', Math.floor(Math.random() * 1_000_000_000));

/** Rounds of a fault test: `FAULT_ROUNDS`, or what the test takes by itself. */
export function faultRounds(usual: number): number {
  return wholeNumber('FAULT_ROUNDS', usual);
}

/** How long a test of a long cut keeps the broker away: `FAULT_CUT_SECONDS`. */
export const FAULT_CUT_SECONDS = wholeNumber('FAULT_CUT_SECONDS', 30);

/** How long a test lets a process stand still, frozen or in a flush: `FAULT_FREEZE_SECONDS`. */
export const FAULT_FREEZE_SECONDS = wholeNumber('FAULT_FREEZE_SECONDS', 20);

/** In which a fault has to be told: fifteen seconds, and by itself ten more, on a machine that is busy with other suites. */
export const FAULT_NOTICE_SECONDS = wholeNumber('FAULT_NOTICE_SECONDS', 25);

/** Readers of a test of streams, `STREAM_READERS`, and for how long they read: `STREAM_SECONDS`. */
export const STREAM_READERS = wholeNumber('STREAM_READERS', 200);
export const STREAM_SECONDS = wholeNumber('STREAM_SECONDS', 30);

/** Random numbers that follow from a seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** From 0 on, below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 on, below the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}
