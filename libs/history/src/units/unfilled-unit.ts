import { subtractRanges, type EpochMicros, type LeftOutMinutes, type TimeRange, type UnfilledRange } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, inRanges, type Inquiry, type RowChange, type Unit, type WrittenRows } from '../rows/unit';
import { overlapping } from './overlapping';
import { missingMinutesIn } from './stops-unit';

/** Why minutes that were asked for are missing, as disjoint ranges; of use only where they still are. */
export const UNFILLED_RANGES = describeTable('unfilled_ranges', ['symbol', 'startTime'], {
  symbol: 'text',
  startTime: 'time',
  endTime: 'time',
  reason: 'text',
  askedAt: 'time',
});

type UnfilledRow = RowOf<typeof UNFILLED_RANGES>;

/** Puts the notes in the place of what was noted of the range before. */
export function* unfilledUnit(symbol: string, range: TimeRange, notes: readonly UnfilledRange[]): Unit<void> {
  return { outcome: undefined, changes: yield* notesInPlaceOf(symbol, [range], notes) };
}

/** Notes why minutes were left out of which there was a row, where they are missing. */
export function* leftOutUnit(symbol: string, { start, end, detail }: LeftOutMinutes, askedAt: EpochMicros): Unit<void> {
  const missing = yield* missingMinutesIn(symbol, { start, end });
  const notes = missing.map((gap) => ({ ...gap, reason: detail, askedAt }));
  return { outcome: undefined, changes: yield* notesInPlaceOf(symbol, missing, notes) };
}

/** Forgets why minutes of a range were missing that are not any more. */
export function* filledUnit(symbol: string, range: TimeRange): Unit<void> {
  const filled = subtractRanges([range], yield* missingMinutesIn(symbol, range));
  return { outcome: undefined, changes: yield* notesInPlaceOf(symbol, filled, []) };
}

/** Both the ranges and the notes are ascending and disjoint. */
function* notesInPlaceOf(
  symbol: string,
  ranges: readonly TimeRange[],
  notes: readonly UnfilledRange[],
): Inquiry<RowChange[]> {
  const [found] = yield* ask(
    inRanges(
      UNFILLED_RANGES,
      ranges.flatMap((range) => overlapping(symbol, range)),
    ),
  );
  // One may overlap several of the ranges, and the last before a range may have ended before it.
  const known = [...new Map(found.flat().map((row) => [row.startTime, row])).values()];
  const old = known.filter((row) => ranges.some(({ start, end }) => row.startTime < end && row.endTime > start));
  const rest = old.flatMap(({ startTime, endTime, reason, askedAt }) =>
    subtractRanges([{ start: startTime, end: endTime, reason, askedAt }], ranges),
  );
  const rows = [...rest, ...notes].map(({ start, end, reason, askedAt }) => ({
    symbol,
    startTime: start,
    endTime: end,
    reason,
    askedAt,
  }));
  return [
    { kind: 'remove', table: UNFILLED_RANGES, keys: old.map(({ startTime }) => [symbol, startTime]) },
    { kind: 'add', table: UNFILLED_RANGES, rows } satisfies WrittenRows<UnfilledRow>,
  ];
}
