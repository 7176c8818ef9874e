import {
  CoverageReader,
  MINUTE,
  accountFor,
  ceilTo,
  explainMissing,
  floorTo,
  type Clock,
  type CoverageRange,
  type EpochMicros,
  type ExplainedRange,
  type SymbolCoverage,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { firstTimeAfter, ledgerSpan, mergeByTime } from '@app/history';
import { toRecordedRange, type CoverageRow } from '../ledger/coverage-row';
import { ledgerStart } from './ledger-days';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';

/** Recorded runs from a time on, beginning with the one that holds it. */
const FROM = `
  SELECT start_time, end_time, state, repaired FROM coverage
  WHERE symbol = ? AND end_time > ? AND start_time >= coalesce(
    (SELECT max(start_time) FROM coverage WHERE symbol = ? AND start_time <= ?), 0) AND start_time < ?
  ORDER BY start_time LIMIT ?`;

/** Why minutes are missing, as the writing half noted it; they may have come since. */
const NOTES = `
  SELECT start_time AS start, end_time AS "end", reason FROM unfilled_ranges
  WHERE symbol = ? AND end_time > ? AND start_time < ? ORDER BY start_time LIMIT ?`;

/** Accounts for every minute of the ledger: recorded runs, and between them what is missing. */
export class SqliteCoverageReader extends CoverageReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  ranges(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolCoverage[]> {
    return this.store.read(() => {
      const sources = symbols.map((symbol) => this.account(symbol, range, limit, symbols.length, after));
      return mergeByTime(sources, ({ start, symbol }) => ({ time: start, symbol }), 'ascending', limit);
    });
  }

  /** The ledger's frame of a symbol cut to the asked range, in full minutes; undefined when nothing of it is left. */
  private span(symbol: string, { start, end }: Partial<TimeRange>): TimeRange | undefined {
    return ledgerSpan(ledgerStart(this.store, symbol), this.clock.now(), {
      start: start === undefined ? 0 : floorTo(start, MINUTE),
      end: end === undefined ? Infinity : ceilTo(end, MINUTE),
    });
  }

  private *account(
    symbol: string,
    range: Partial<TimeRange>,
    limit: number,
    sources: number,
    after: TimeKey | undefined,
  ): Generator<SymbolCoverage> {
    const span = this.span(symbol, range);
    if (!span) return;
    const statement = this.store.statement<[string, number, string, number, number, number], CoverageRow>(FROM);
    const from = after ? Math.max(span.start, this.startOfItem(symbol, after.time)) : span.start;
    const recorded = rowPages<CoverageRow>(
      (last, size) => {
        const position = last ? last.end_time : from;
        return statement.all(symbol, position, symbol, position, span.end, size);
      },
      limit,
      sources,
    );
    const firstStart = after ? firstTimeAfter(after, symbol) : span.start;
    for (const item of accountFor({ start: from, end: span.end }, mapped(recorded))) {
      if (item.state !== 'missing') {
        if (item.start >= firstStart) yield { symbol, ...item, reason: null };
        continue;
      }
      // Even where its beginning was on the page before: what follows in it may have another reason.
      for (const gap of explainMissing(item, this.notes(symbol, item, limit, sources))) {
        if (gap.start >= firstStart) yield { symbol, ...item, ...gap };
      }
    }
  }

  private notes(symbol: string, { start, end }: TimeRange, limit: number, sources: number): Iterable<ExplainedRange> {
    const statement = this.store.statement<[string, number, number, number], ExplainedRange>(NOTES);
    return rowPages<ExplainedRange>(
      (last, size) => statement.all(symbol, last?.end ?? start, end, size),
      limit,
      sources,
    );
  }

  /** Where the item that holds a minute begins: a page must not cut it in two. */
  private startOfItem(symbol: string, time: EpochMicros): EpochMicros {
    const run = this.store
      .statement<[string, number], { start_time: number; end_time: number }>(
        'SELECT start_time, end_time FROM coverage WHERE symbol = ? AND start_time <= ? ORDER BY start_time DESC LIMIT 1',
      )
      .get(symbol, time);
    if (!run) return 0;
    return run.end_time > time ? run.start_time : run.end_time;
  }
}

function* mapped(rows: Iterable<CoverageRow>): Generator<CoverageRange> {
  for (const row of rows) yield toRecordedRange(row);
}
