import type { ClockSpan } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, inRanges, type Inquiry, type WrittenRows } from '../rows/unit';

/** Which stamps a clock that was ahead has given, and whether the stored rows have been held against them. */
export const CLOCK_SPANS = describeTable('clock_spans', ['startTime', 'endTime', 'until'], {
  startTime: 'time',
  endTime: 'time',
  until: 'time',
  settled: 'flag',
});

type ClockSpanRow = RowOf<typeof CLOCK_SPANS>;

/** Finds all spans that are known, in their order. */
export function* clockSpans(): Inquiry<readonly ClockSpan[]> {
  return (yield* spanRows()).map(toSpan);
}

/** Finds those that the stored rows have not been held against yet. */
export function* openClockSpans(): Inquiry<readonly ClockSpan[]> {
  return (yield* spanRows()).filter(({ settled }) => !settled).map(toSpan);
}

/** Keeps spans that may be known already; `settled` where no row with such a stamp is stored yet. */
export function notedSpans(spans: readonly ClockSpan[], settled: boolean): WrittenRows<ClockSpanRow> {
  return { kind: 'ensure', table: CLOCK_SPANS, rows: spans.map((span) => rowOf(span, settled)) };
}

/** Says that the stored rows have been held against a span. */
export function settledSpan(span: ClockSpan): WrittenRows<ClockSpanRow> {
  return { kind: 'put', table: CLOCK_SPANS, rows: [rowOf(span, true)] };
}

function* spanRows(): Inquiry<readonly ClockSpanRow[]> {
  const [[rows = []]] = yield* ask(inRanges(CLOCK_SPANS, [{ prefix: [] }]));
  return rows;
}

function toSpan({ startTime, endTime, until }: ClockSpanRow): ClockSpan {
  return { start: startTime, end: endTime, until };
}

function rowOf({ start, end, until }: ClockSpan, settled: boolean): ClockSpanRow {
  return { startTime: start, endTime: end, until, settled };
}
