import { DAY, floorTo, subtractRanges, type EpochMicros, type TimeRange } from '@app/domain';
import { missingIn, recordRuns, type RecordedRange } from '../ledger-runs';
import { describeTable, type RowOf } from '../rows/table';
import { ask, inRanges, type Inquiry, type RowChange, type Unit, type WrittenRows } from '../rows/unit';
import { distinctRuns, ledgerAround, LedgerChanges, runsTouching } from './ledger-changes';
import { overlapping } from './overlapping';

/** When it was noted that the exchange does not have minutes; disjoint, and kept where one came after all. */
export const STOP_NOTES = describeTable('stop_notes', ['symbol', 'startTime'], {
  symbol: 'text',
  startTime: 'time',
  endTime: 'time',
  notedAt: 'time',
});

export type StopNoteRow = RowOf<typeof STOP_NOTES>;

/** Minutes of a range that the ledger does not account for. */
export function* missingMinutesIn(symbol: string, range: TimeRange): Inquiry<TimeRange[]> {
  return missingIn(range, yield* runsTouching(symbol, range));
}

/** Notes of a range that the exchange does not have what is missing of it, and records it. Returns what that was. */
export function* stopUnit(symbol: string, range: TimeRange, notedAt: EpochMicros): Unit<readonly TimeRange[]> {
  const gaps = yield* missingMinutesIn(symbol, range);
  const recorded = yield* stoppedChanges(symbol, gaps, notedAt);
  const noted = yield* noteChanges(symbol, gaps, notedAt);
  return { outcome: gaps, changes: [...recorded, ...noted] };
}

/** Records minutes that were in no state as stopped, ascending; that it was noted is kept in the notes. */
export function* stoppedUnit(symbol: string, gaps: readonly TimeRange[], notedAt: EpochMicros): Unit<void> {
  return { outcome: undefined, changes: yield* stoppedChanges(symbol, gaps, notedAt) };
}

function* stoppedChanges(symbol: string, gaps: readonly TimeRange[], notedAt: EpochMicros): Inquiry<RowChange[]> {
  const dates = new Set<EpochMicros>();
  for (const { start, end } of gaps) for (let date = floorTo(start, DAY); date < end; date += DAY) dates.add(date);
  const { runs, days } = yield* ledgerAround(
    gaps.map((range) => ({ symbol, range })),
    [...dates].map((date) => ({ symbol, date })),
  );
  const stopped = gaps.map(({ start, end }): RecordedRange => ({ start, end, state: 'stopped', repaired: false }));
  const change = recordRuns(distinctRuns(runs), stopped);
  const changes = new LedgerChanges();
  changes.changeRuns(symbol, change);
  changes.changeDays(days, change.days, notedAt);
  return changes.all();
}

/** Notes that the exchange does not have minutes. Of several notes on one minute the first stays. */
export function* noteStopUnit(symbol: string, range: TimeRange, notedAt: EpochMicros): Unit<void> {
  return { outcome: undefined, changes: yield* noteChanges(symbol, [range], notedAt) };
}

function* noteChanges(symbol: string, ranges: readonly TimeRange[], notedAt: EpochMicros): Inquiry<RowChange[]> {
  const [found] = yield* ask(
    inRanges(
      STOP_NOTES,
      ranges.flatMap((range) => overlapping(symbol, range)),
    ),
  );
  const known = found.flat().map(({ startTime, endTime }) => ({ start: startTime, end: endTime }));
  const rows = subtractRanges(ranges, known).map(({ start, end }) => ({
    symbol,
    startTime: start,
    endTime: end,
    notedAt,
  }));
  return [{ kind: 'add', table: STOP_NOTES, rows } satisfies WrittenRows<StopNoteRow>];
}
