import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { byBuckets, csvLines, wideTable, withColumns, type CsvTable } from '@app/bi';
import {
  Clock,
  compareCodePoints,
  DAY,
  DEFAULT_DAYS,
  type DailyTableQuery,
  type EpochMicros,
  type SpanReader,
  type TimeRange,
} from '@app/domain';
import type { Freshness } from '@app/history';
import { readerGone, withRoomToMake } from '@app/http';
import { SymbolSelection } from '../symbols/symbol-selection';
import type { BuiltTable } from './csv-cache';
import { CsvResponder } from './csv-responder';
import { dateWindow, storedWindow, type StoredWindow, type TableSize } from './date-window';
import { symbolsLabel } from './file-label';
import { TableFreshness } from './table-freshness';
import { tableText, type TableText, type TableTextQuery } from './table-text';
import { wideCells } from './wide-size';

/** No line of any of these tables is longer, as long as its decimals are of the length that the market has. */
const MOST_LINE_BYTES = 200;

type WindowedTableQuery = DailyTableQuery & TableTextQuery;

/** A table of which a window of UTC dates is served. */
export interface WindowedTable<Row extends { readonly changedAt: EpochMicros }> {
  readonly table: CsvTable<Row>;
  readonly size: TableSize;
  /** Where the table has rows. */
  readonly stored: SpanReader;
  /** Rows of the window, in the order of the table. */
  readonly read: (symbols: readonly string[], range: TimeRange) => Promise<readonly Row[]>;
  /** Notes the row where it is open. */
  readonly noteOpen: (row: Row, fresh: Freshness, now: EpochMicros) => void;
}

/** A table's text: what comes first, and the lines of rows. */
interface TableLines<Row> {
  readonly head: string;
  /** Of rows that hold all of each of their dates or hours. */
  readonly lines: (rows: readonly Row[]) => string;
}

/** Serves tables by symbols and window of dates. */
@Injectable()
export class WindowedTables {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly responder: CsvResponder,
    private readonly clock: Clock,
    private readonly freshness: TableFreshness,
  ) {}

  /** @throws ProblemError 400 for a window or a text that is not allowed, 404 for an unknown symbol */
  async send<Row extends { readonly changedAt: EpochMicros }>(
    windowed: WindowedTable<Row>,
    query: WindowedTableQuery,
    reply: FastifyReply,
  ): Promise<void> {
    const { table, size, stored } = windowed;
    const text = tableText(query);
    const symbols = await this.symbolsOf(query);
    dateWindow(query, this.clock.now(), size);
    return this.responder.send(reply, questionOf(table.name, query, text, symbols), async (now, isWanted) => {
      const window = dateWindow(query, now, size);
      const fresh = this.freshness.at(now);
      const part = await storedWindow(window, stored, symbols, size);
      const empty = text.wide === undefined ? 0 : wideCells(text.wide, part, symbols.length, size);
      return withRoomToMake(reply, part.rows * MOST_LINE_BYTES + empty, async () => ({
        ...(await build(windowed, symbols, text, part, { now, fresh, isWanted })),
        fileName: fileNameOf(table.name, text, symbols, window.label),
      }));
    });
  }

  /** Columns of a wide table are in the order in which they are asked for; nobody asks for that of the configuration. */
  private async symbolsOf(query: WindowedTableQuery): Promise<readonly string[]> {
    const symbols = await this.selection.resolve(query);
    const isOrdered = query.wide === undefined || query.symbol !== undefined || query.symbols !== undefined;
    return isOrdered ? symbols : [...symbols].sort(compareCodePoints);
  }
}

/** Equal for equal questions, also when time gives them another window: it moves on with the minute at most. */
function questionOf(
  table: string,
  { days, start, end }: DailyTableQuery,
  { key }: TableText,
  symbols: readonly string[],
): string {
  const window =
    start === undefined && end === undefined ? `${days ?? DEFAULT_DAYS}d` : `${String(start)} ${String(end)}`;
  return `${table} ${window} ${symbols.join(',')}${key}`;
}

/** Columns and separators change nothing of what a file is about; a wide one is another table. */
function fileNameOf(table: string, { wide }: TableText, symbols: readonly string[], window: string): string {
  return `${table}${wide === undefined ? '' : `_${wide}_wide`}_${symbolsLabel(symbols)}_${window}.csv`;
}

async function build<Row extends { readonly changedAt: EpochMicros }>(
  { table, size, read, noteOpen }: WindowedTable<Row>,
  symbols: readonly string[],
  text: TableText,
  { range: dates, movedAt }: StoredWindow,
  { now, fresh, isWanted }: { now: EpochMicros; fresh: Freshness; isWanted: () => boolean },
): Promise<Omit<BuiltTable, 'fileName'>> {
  const { head, lines } = tableLines(table, text, symbols);
  const parts = [Buffer.from(head, 'utf8')];
  let newest = movedAt;
  // Rows are many times larger than their lines: they are let go of page by page.
  for await (const rows of byBuckets(DAY / size.rowsPerDate, { symbols, dates }, read)) {
    if (!isWanted()) throw readerGone();
    parts.push(Buffer.from(lines(rows), 'utf8'));
    for (const row of rows) noteOpen(row, fresh, now);
    newest = rows.reduce((latest, { changedAt }) => Math.max(latest, changedAt), newest);
  }
  return { bytes: Buffer.concat(parts), lastModified: newest, freshUntil: fresh.until };
}

/** @param symbols of a wide table, in the order of its columns */
function tableLines<Row>(
  table: CsvTable<Row>,
  { style, columns, wide }: TableText,
  symbols: readonly string[],
): TableLines<Row> {
  if (wide !== undefined) {
    const turned = wideTable(table, wide, symbols);
    const { head, line } = csvLines(turned.columns, style);
    return { head, lines: (rows) => turned.rows(rows).map(line).join('') };
  }
  const { head, line } = csvLines((columns ? withColumns(table, columns) : table).columns, style);
  return { head, lines: (rows) => rows.map(line).join('') };
}
