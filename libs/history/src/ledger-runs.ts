import {
  DAY,
  floorTo,
  joinRanges,
  MINUTE,
  minutesIn,
  subtractRanges,
  type EpochMicros,
  type RecordedState,
  type TimeRange,
} from '@app/domain';

/** A run of minutes that is in a recorded state. */
export interface RecordedRange extends TimeRange {
  readonly state: RecordedState;
  readonly repaired: boolean;
}

/** A minute in a recorded state, given as its start. */
export interface RecordedMinute {
  readonly minute: EpochMicros;
  readonly state: RecordedState;
  readonly repaired: boolean;
}

/** Minutes of a UTC day by state, and how many of them came in late. */
export type LedgerCounts = Readonly<Record<RecordedState | 'repaired', number>>;

/** By how much the counts of a UTC day change. */
export interface DayDifference {
  readonly date: EpochMicros;
  readonly counts: LedgerCounts;
}

/** What becomes of the runs of a symbol's ledger, and of the sums of its days. */
export interface LedgerChange {
  /** Starts at which no run begins any more. */
  readonly removed: readonly EpochMicros[];
  /** Runs that were not there before, or were other ones. */
  readonly written: readonly RecordedRange[];
  /** Of days whose sums change. */
  readonly days: readonly DayDifference[];
}

/**
 * Puts minutes into states, whatever they were in before: runs that are ascending and disjoint. `before` are the recorded
 * runs that overlap any of them or touch one, ascending; there may be others.
 */
export function recordRuns(before: readonly RecordedRange[], runs: readonly RecordedRange[]): LedgerChange {
  const left = new Map(before.map((run) => [run.start, run]));
  const written: RecordedRange[] = [];
  for (const run of joinRanges([...subtractRanges(before, runs), ...runs].sort((a, b) => a.start - b.start))) {
    const old = left.get(run.start);
    left.delete(run.start);
    if (old?.end !== run.end || old.state !== run.state || old.repaired !== run.repaired) written.push(run);
  }
  const days: DaySums = new Map();
  for (const run of runs) addDays(days, run, 1);
  for (const old of overlaps(before, runs)) addDays(days, old, -1);
  return { removed: [...left.keys()], written, days: differences(days) };
}

/** Accounts for nothing before a minute any more. `before` are the recorded runs that begin before it, ascending. */
export function forgetBefore(before: readonly RecordedRange[], minute: EpochMicros): LedgerChange {
  const days: DaySums = new Map();
  for (const run of before) addDays(days, { ...run, end: Math.min(run.end, minute) }, -1);
  return {
    removed: before.map(({ start }) => start),
    written: before.filter(({ end }) => end > minute).map((run) => ({ ...run, start: minute })),
    days: differences(days),
  };
}

/** Minutes of a range that no run accounts for; `recorded` are the runs that overlap it, ascending. */
export function missingIn({ start, end }: TimeRange, recorded: readonly RecordedRange[]): TimeRange[] {
  return subtractRanges([{ start, end }], recorded);
}

/** Joins neighbouring minutes of equal state to runs; the minutes are given as their starts, in any order. */
export function runsOfMinutes(minutes: Iterable<RecordedMinute>): RecordedRange[] {
  const sorted = [...minutes].sort((a, b) => a.minute - b.minute);
  return joinRanges(
    sorted.map(({ minute, state, repaired }) => ({ start: minute, end: minute + MINUTE, state, repaired })),
  );
}

type DaySums = Map<EpochMicros, { -readonly [Count in keyof LedgerCounts]: number }>;

/** Adds the minutes of a run to the sums of its days, or takes them away. */
function addDays(days: DaySums, { start, end, state, repaired }: RecordedRange, sign: 1 | -1): void {
  for (let date = floorTo(start, DAY); date < end; date += DAY) {
    const minutes = sign * minutesIn({ start: Math.max(start, date), end: Math.min(end, date + DAY) });
    const sums = days.get(date) ?? { captured: 0, quiet: 0, stopped: 0, repaired: 0 };
    days.set(date, sums);
    sums[state] += minutes;
    if (repaired) sums.repaired += minutes;
  }
}

function differences(days: DaySums): DayDifference[] {
  return [...days].flatMap(([date, counts]) => {
    const { captured, quiet, stopped, repaired } = counts;
    return captured === 0 && quiet === 0 && stopped === 0 && repaired === 0 ? [] : [{ date, counts }];
  });
}

/** What the runs have in the minutes of the ranges; both are ascending and disjoint. */
function* overlaps(runs: readonly RecordedRange[], ranges: readonly TimeRange[]): Generator<RecordedRange> {
  let behind = 0;
  for (const { start, end } of ranges) {
    while ((runs[behind]?.end ?? Infinity) <= start) behind += 1;
    for (let index = behind; index < runs.length; index += 1) {
      const run = runs[index];
      if (!run || run.start >= end) break;
      yield { ...run, start: Math.max(run.start, start), end: Math.min(run.end, end) };
    }
  }
}
