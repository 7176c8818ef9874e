import {
  accountFor,
  ceilTo,
  CoverageReader,
  explainMissing,
  floorTo,
  MINUTE,
  type Clock,
  type CoverageRange,
  type EpochMicros,
  type ExplainedRange,
  type SymbolCoverage,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { ledgerSpan } from '../ledger-days';
import { firstTimeAfter, PAGE_GROWTH } from '../merge-by-time';
import { pickColumns, type Table } from '../rows/table';
import { ask, inRanges, type Inquiry, type RowFinder } from '../rows/unit';
import { toRecordedRange } from '../units/ledger-changes';
import { COVERAGE } from '../units/ledger-tables';
import { overlapping } from '../units/overlapping';
import { UNFILLED_RANGES } from '../units/unfilled-unit';
import { ledgerStarts } from './ledger-account';
import { mergePagesByTime, type RowPages } from './pages';

/** Why minutes are missing, as it was noted when they were asked for; they may have come since. */
const REASONS = pickColumns(UNFILLED_RANGES, ['symbol', 'startTime', 'endTime', 'reason']);

/** A row that speaks of a range of a symbol; those of one symbol are disjoint. */
interface RangeRow {
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
}

/** A part of an account, and where the rest begins; undefined behind the last one. */
interface Part {
  readonly items: readonly SymbolCoverage[];
  readonly next: EpochMicros | undefined;
}

/** Accounts for every minute of the ledger: recorded runs, and between them what is missing. */
export class LedgerRanges extends CoverageReader {
  constructor(
    private readonly rows: RowFinder,
    private readonly clock: Clock,
  ) {
    super();
  }

  ranges(
    symbols: readonly string[],
    { start, end }: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolCoverage[]> {
    const minutes = {
      start: start === undefined ? 0 : floorTo(start, MINUTE),
      end: end === undefined ? Infinity : ceilTo(end, MINUTE),
    };
    return this.rows.find(rangesIn(symbols, minutes, limit, after, this.clock.now()));
  }
}

function* rangesIn(
  symbols: readonly string[],
  range: TimeRange,
  limit: number,
  after: TimeKey | undefined,
  now: EpochMicros,
): Inquiry<SymbolCoverage[]> {
  const starts = yield* ledgerStarts(symbols);
  const sources = symbols.flatMap((symbol, index) => {
    const span = ledgerSpan(starts[index], now, range);
    return span ? accountPages(symbol, span, after) : [];
  });
  return yield* mergePagesByTime(sources, ({ start, symbol }) => ({ time: start, symbol }), limit);
}

/** The account of a span of a symbol's ledger, behind what was given before. */
function accountPages(symbol: string, span: TimeRange, after: TimeKey | undefined): RowPages<SymbolCoverage> {
  const firstStart = after ? firstTimeAfter(after, symbol) : span.start;
  let from: EpochMicros | undefined;
  let isOver = false;
  return function* (size) {
    from ??= after ? Math.max(span.start, yield* startOfItem(symbol, after.time)) : span.start;
    // One more, as the last one may go on behind what is read.
    for (let rows = size + 1; !isOver; rows *= PAGE_GROWTH) {
      const { items, next }: Part = yield* accountPart(symbol, { start: from, end: span.end }, rows);
      isOver = next === undefined;
      from = next ?? span.end;
      // Where its beginning was on the page before, what follows in a gap may have another reason.
      const wanted = items.filter(({ start }) => start >= firstStart);
      if (wanted.length > 0) return wanted;
    }
    return [];
  };
}

/** Where the item that holds a minute begins: a page must not cut it in two. */
function* startOfItem(symbol: string, time: EpochMicros): Inquiry<EpochMicros> {
  const [[[run] = []]] = yield* ask(inRanges(COVERAGE, [{ prefix: [symbol], until: time + 1, only: 'last' }]));
  if (!run) return 0;
  return run.endTime > time ? run.startTime : run.endTime;
}

/** What of an account follows from about `size` runs, and as many reasons. An item that may go on is left to the next part. */
function* accountPart(symbol: string, range: TimeRange, size: number): Inquiry<Part> {
  const runs = yield* rowsFrom(COVERAGE, symbol, range, size);
  const read = [...accountFor({ start: range.start, end: runs.end }, runs.rows.map(toRecordedRange))];
  const missing = read.filter(({ state }) => state === 'missing');
  const [first, last] = [missing[0], missing.at(-1)];
  const gaps = first && last ? { start: first.start, end: last.end } : undefined;
  const reasons = gaps ? yield* rowsFrom(REASONS, symbol, gaps, size) : { rows: [], end: runs.end };
  const end = gaps && reasons.end < gaps.end ? reasons.end : runs.end;
  const notes = reasons.rows.map(({ startTime, endTime, reason }) => ({ start: startTime, end: endTime, reason }));
  const items = [...explained(symbol, read, notes, end)];
  if (end === range.end) return { items, next: undefined };
  return { items: items.slice(0, -1), next: items.at(-1)?.start };
}

/** Items up to a time, those of missing minutes cut where the reasons change; notes are ascending and disjoint. */
function* explained(
  symbol: string,
  items: readonly CoverageRange[],
  notes: readonly ExplainedRange[],
  until: EpochMicros,
): Generator<SymbolCoverage> {
  let first = 0;
  for (const item of items) {
    if (item.start >= until) return;
    const part = { ...item, end: Math.min(item.end, until) };
    if (item.state !== 'missing') {
      yield { symbol, ...part, reason: null };
      continue;
    }
    while ((notes[first]?.end ?? Infinity) <= part.start) first += 1;
    let last = first;
    while ((notes[last]?.start ?? Infinity) < part.end) last += 1;
    for (const gap of explainMissing(part, notes.slice(first, last))) yield { symbol, ...part, ...gap };
  }
}

/** Rows that speak of a range: the one that reaches into it and at most `size` others, and up to where they are all. */
function* rowsFrom<Row extends RangeRow>(
  table: Table<Row>,
  symbol: string,
  range: TimeRange,
  size: number,
): Inquiry<{ readonly rows: readonly Row[]; readonly end: EpochMicros }> {
  const [before, within] = overlapping(symbol, range);
  const [[into = [], rows = []]] = yield* ask(inRanges(table, [before, { ...within, only: size }]));
  const last = rows.at(-1);
  return {
    rows: [...into.filter(({ endTime }) => endTime > range.start), ...rows],
    end: last && rows.length === size ? Math.min(last.endTime, range.end) : range.end,
  };
}
