import { minutesIn } from './coverage';
import { MINUTE, floorTo, type EpochMicros, type TimeRange } from './time';

/** What is known of the minutes of one candle: see {@link accountOf}. */
export interface MinuteAccount {
  /** First minute that is due: the candle's first or, if later, the symbol's first on the exchange. */
  readonly dueFrom: EpochMicros;
  /** Distinct minutes from then on that are stored. */
  readonly stored: number;
  /** Minutes that are noted as stopped. */
  readonly stopped: number;
  /** End of the last of both; `dueFrom` where there is none. */
  readonly accountedUntil: EpochMicros;
}

/** Whether a candle, or a row of a table, may still change, and how much of it is not there. */
export interface Completeness {
  /** Its time is over, and nothing that is due is missing. */
  readonly isFinal: boolean;
  /** Minutes that are due and neither stored nor noted as stopped. */
  readonly missingMinutes: number;
}

/** What a candle holds of its minutes. */
export interface HeldMinutes {
  /** Distinct minutes that are stored. */
  readonly minutes: number;
  /** Open time of the last one. */
  readonly lastMinute: EpochMicros;
}

/** Minutes of a span of full minutes that nothing accounts for. */
export function missingMinutes(span: TimeRange, accounted: number): number {
  return minutesIn(span) - accounted;
}

/**
 * The account of a bucket of full minutes. `stopped` are ascending, disjoint ranges of minutes of which none is stored;
 * `firstMinute` is the symbol's first minute on the exchange, undefined where it is not known, or where older minutes
 * are stored: then every minute from the bucket's open on is due.
 */
export function accountOf(
  bucket: TimeRange,
  { minutes, lastMinute }: HeldMinutes,
  stopped: readonly TimeRange[],
  firstMinute: EpochMicros | undefined,
): MinuteAccount {
  const dueFrom = Math.max(bucket.start, firstMinute === undefined ? 0 : floorTo(firstMinute, MINUTE));
  let stoppedMinutes = 0;
  let accountedUntil = minutes > 0 ? floorTo(lastMinute, MINUTE) + MINUTE : dueFrom;
  for (const range of stopped) {
    const start = Math.max(range.start, dueFrom);
    const end = Math.min(range.end, bucket.end);
    if (start >= end) continue;
    stoppedMinutes += minutesIn({ start, end });
    accountedUntil = Math.max(accountedUntil, end);
  }
  return { dueFrom, stored: minutes, stopped: stoppedMinutes, accountedUntil };
}

/** The account of a minute that is stored. */
export function accountOfMinute(openTime: EpochMicros): MinuteAccount {
  const minute = floorTo(openTime, MINUTE);
  return { dueFrom: minute, stored: 1, stopped: 0, accountedUntil: minute + MINUTE };
}

/**
 * The one rule by which candles, tables and files are whole or say that they are not. Due are the minutes that have
 * closed by `now`; one that is accounted for has closed, whatever a clock that lags behind says.
 */
export function completenessOf(end: EpochMicros, account: MinuteAccount, now: EpochMicros): Completeness {
  const { dueFrom, stored, stopped, accountedUntil } = account;
  const dueUntil = Math.min(end, Math.max(floorTo(now, MINUTE), accountedUntil));
  const missing = dueUntil > dueFrom ? missingMinutes({ start: dueFrom, end: dueUntil }, stored + stopped) : 0;
  return { isFinal: end <= now && missing === 0, missingMinutes: missing };
}
