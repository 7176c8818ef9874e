import {
  accountOf,
  DAY,
  floorTo,
  MINUTE,
  subtractRanges,
  type EpochMicros,
  type HeldMinutes,
  type MinuteAccount,
  type MinuteState,
  type TimeRange,
} from '@app/domain';

/** The account of a bucket, by what its candle holds. */
export type AccountOf = (bucket: TimeRange, held: HeldMinutes) => MinuteAccount;

/** Minutes that had been noted as stopped, and what has become of them since. */
export interface NotedStop extends TimeRange {
  readonly state: MinuteState;
}

/** How many minutes of a UTC day are stopped. */
export interface StoppedDay {
  readonly date: EpochMicros;
  readonly minutes: number;
}

/**
 * Accounts of buckets. `stopped` are ascending and disjoint, and none of their minutes is among those that a bucket holds;
 * `firstMinute` is the first that is due, undefined where that is not known.
 */
export function accountsBy(stopped: readonly TimeRange[], firstMinute: EpochMicros | undefined): AccountOf {
  if (stopped.length === 0) return (bucket, held) => accountOf(bucket, held, stopped, firstMinute);
  return (bucket, held) => accountOf(bucket, held, overlapping(stopped, bucket), firstMinute);
}

/**
 * What is stopped of whole days, ascending. Of a day only how many minutes are, as if they were its first: where they lie
 * makes a difference on the day that the symbol's history begins on, and on the last one, which may be open; `stoppedIn`
 * tells it of these.
 */
export function stopsOfDays(
  days: readonly StoppedDay[],
  firstMinute: EpochMicros | undefined,
  stoppedIn: (range: TimeRange) => readonly TimeRange[],
): TimeRange[] {
  const firstDay = floorTo(firstMinute ?? 0, DAY);
  return days.flatMap(({ date, minutes }, index) => {
    if (date !== firstDay && index < days.length - 1) return [{ start: date, end: date + minutes * MINUTE }];
    const end = date + DAY;
    return stoppedIn({ start: date, end }).map((stop) => ({
      start: Math.max(stop.start, date),
      end: Math.min(stop.end, end),
    }));
  });
}

/**
 * What was known to be stopped at a time: minutes that had been noted by then, and of which none had been captured.
 * `capturedIn` tells the open times of those that had.
 */
export function stopsAsKnown(
  noted: readonly NotedStop[],
  capturedIn: (range: TimeRange) => readonly EpochMicros[],
): TimeRange[] {
  return noted.flatMap(({ state, start, end }) => {
    const stop = { start, end };
    if (state === 'stopped') return [stop];
    const captured = capturedIn(stop).map((openTime) => floorTo(openTime, MINUTE));
    return subtractRanges(
      [stop],
      captured.map((minute) => ({ start: minute, end: minute + MINUTE })),
    );
  });
}

/** Of ascending, disjoint ranges those that overlap another. */
function overlapping(ranges: readonly TimeRange[], { start, end }: TimeRange): TimeRange[] {
  let [first, last] = [0, ranges.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if ((ranges[middle]?.end ?? 0) > start) last = middle;
    else first = middle + 1;
  }
  while ((ranges[last]?.start ?? end) < end) last += 1;
  return ranges.slice(first, last);
}
