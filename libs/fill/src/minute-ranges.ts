import {
  floorTo,
  MINUTE,
  minutesIn,
  subtractRanges,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';

/** The minutes of a range that have no row, as ranges; rows ascending. */
export function absentMinutes(range: TimeRange, rows: readonly MinuteCandle[]): TimeRange[] {
  const present = rows.map(({ openTime }) => {
    const start = floorTo(openTime, MINUTE);
    return { start, end: start + MINUTE };
  });
  return subtractRanges([range], present);
}

/** The parts of ascending ranges that have no row; rows ascending. */
export function absentWithin(ranges: readonly TimeRange[], rows: readonly MinuteCandle[]): TimeRange[] {
  return ranges.flatMap((range) => absentMinutes(range, rows));
}

/** How many minutes of the ranges lie in another one. */
export function minutesWithin(ranges: readonly TimeRange[], range: TimeRange): number {
  return partsWithin(ranges, range).reduce((sum, part) => sum + minutesIn(part), 0);
}

/** The first page of a range, of so many minutes at most. */
export function firstPage({ start, end }: TimeRange, minutes: number): TimeRange {
  return { start, end: Math.min(end, start + minutes * MINUTE) };
}

/** What was left out of minutes that are missing, cut to them, ascending. */
export function leftOutOf(missing: readonly TimeRange[], leftOut: readonly LeftOutMinutes[]): LeftOutMinutes[] {
  return missing.flatMap((gap) =>
    leftOut
      .map((minutes) => ({
        ...minutes,
        start: Math.max(gap.start, minutes.start),
        end: Math.min(gap.end, minutes.end),
      }))
      .filter(({ start, end }) => start < end),
  );
}

/** The parts of the ranges that lie in another one. */
export function partsWithin(ranges: readonly TimeRange[], { start, end }: TimeRange): TimeRange[] {
  return ranges
    .map((range) => ({ start: Math.max(range.start, start), end: Math.min(range.end, end) }))
    .filter((range) => range.start < range.end);
}

/** The same for many ascending, disjoint ones, in one pass over the ranges, which ascend too. */
export function partsOfEach(others: readonly TimeRange[], ranges: readonly TimeRange[]): TimeRange[][] {
  let first = 0;
  return others.map((other) => {
    while ((ranges[first]?.end ?? Infinity) <= other.start) first += 1;
    let last = first;
    while ((ranges[last]?.start ?? Infinity) < other.end) last += 1;
    return partsWithin(ranges.slice(first, last), other);
  });
}

/** Covers ascending gaps with as few pages of so many minutes as hold them, each from the start of a gap to the end of a gap. */
export function pagesOver(gaps: readonly TimeRange[], minutes: number): TimeRange[] {
  const pages: TimeRange[] = [];
  const length = minutes * MINUTE;
  for (const gap of gaps) {
    let { start } = gap;
    const last = pages.at(-1);
    if (last && start - last.start < length) {
      const end = Math.min(gap.end, last.start + length);
      pages[pages.length - 1] = { start: last.start, end };
      start = end;
    }
    for (; start < gap.end; start += length) pages.push({ start, end: Math.min(gap.end, start + length) });
  }
  return pages;
}

/** Cuts a range in two at an instant within it. */
export function cutAt(range: TimeRange, time: EpochMicros): TimeRange[] {
  if (time <= range.start || time >= range.end) return [range];
  return [
    { start: range.start, end: time },
    { start: time, end: range.end },
  ];
}
