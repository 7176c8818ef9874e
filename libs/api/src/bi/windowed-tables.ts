import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeCsv, type CsvTable } from '@app/bi';
import { Clock, DAY, floorTo, type DailyTableQuery, type EpochMicros, type TimeRange } from '@app/domain';
import { SymbolSelection } from '../symbols/symbol-selection';
import { CsvResponder } from './csv-responder';
import { dateWindow, type TableSize } from './date-window';
import { symbolsLabel } from './file-label';

/** A table of which a window of UTC dates is served. */
export interface WindowedTable<Row extends { readonly changedAt: EpochMicros }> {
  readonly table: CsvTable<Row>;
  readonly size: TableSize;
  /** Rows of the window, in the order of the table. */
  readonly read: (symbols: readonly string[], range: TimeRange) => Promise<readonly Row[]>;
}

/** Serves tables by symbols and window of dates. */
@Injectable()
export class WindowedTables {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly responder: CsvResponder,
    private readonly clock: Clock,
  ) {}

  /** @throws ProblemError 400 for a window that is not allowed, 404 for an unknown symbol */
  async send<Row extends { readonly changedAt: EpochMicros }>(
    { table, size, read }: WindowedTable<Row>,
    query: DailyTableQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const symbols = await this.selection.resolve(query);
    const window = dateWindow(query, this.clock.now(), symbols.length, size);
    const key = `${table.name} ${window.label} ${window.range.start} ${window.range.end} ${symbols.join(',')}`;
    await this.responder.send(request, reply, key, async (now) => {
      const rows = await read(symbols, window.range);
      const today = floorTo(now, DAY);
      return {
        bytes: encodeCsv(table, rows),
        lastModified: rows.reduce(
          (newest, { changedAt }) => Math.max(newest, changedAt),
          window.relative || rows.length === 0 ? today : 0,
        ),
        fileName: `${table.name}_${symbolsLabel(symbols)}_${window.label}.csv`,
      };
    });
  }
}
