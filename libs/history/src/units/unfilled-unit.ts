import { subtractRanges, type TimeRange, type UnfilledRange } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, inRanges, type Unit, type WrittenRows } from '../rows/unit';
import { overlapping } from './overlapping';

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
  const [found] = yield* ask(inRanges(UNFILLED_RANGES, overlapping(symbol, range)));
  const old = found.flat().filter(({ endTime }) => endTime > range.start);
  const rest = old.flatMap(({ startTime, endTime, reason, askedAt }) =>
    subtractRanges([{ start: startTime, end: endTime, reason, askedAt }], [range]),
  );
  const rows = [...rest, ...notes].map(({ start, end, reason, askedAt }) => ({
    symbol,
    startTime: start,
    endTime: end,
    reason,
    askedAt,
  }));
  return {
    outcome: undefined,
    changes: [
      { kind: 'remove', table: UNFILLED_RANGES, keys: old.map(({ startTime }) => [symbol, startTime]) },
      { kind: 'add', table: UNFILLED_RANGES, rows } satisfies WrittenRows<UnfilledRow>,
    ],
  };
}
