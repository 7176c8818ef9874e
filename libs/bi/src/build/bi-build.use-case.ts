import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  CellDoesNotFitError,
  CoverageReader,
  DailyBarReader,
  DailyMetricsReader,
  DAY,
  DayQualityReader,
  floorTo,
  HourlyBarReader,
  MINUTE,
  ParquetFiles,
  PriceEventReader,
  SymbolReader,
  type SymbolSummary,
} from '@app/domain';
import { UnfitRows } from '../unfit-rows';
import { BuildClock } from './build-clock';
import { BuildRunningError } from './build-running.error';
import { builtPackage, DESCRIPTOR, type BuiltTable } from './built-package';
import { CsvByTime } from './csv-by-time';
import { digestOf } from './file-digest';
import { parquetColumns } from './parquet-columns';
import { PublishedBuilds } from './published-builds';
import { rowKey } from './row-key';
import { StagedFolder } from './staged-folder';
import { tableSources, type BuildScope, type TableReaders, type TableSource } from './table-source';

/**
 * Writes every table for all symbols of the store into a folder: CSV as the API serves it, by time and then symbol; Parquet
 * by symbol and then time, so that a reader of one symbol needs few row groups; and a data package that describes them.
 *
 * A build speaks of the moment at which the store's data ends, and nothing in it tells when, where or by which release
 * it was made: the same data give the same bytes whenever they are built. While capture runs that moment is now, and the
 * files are what the API serves; later the API goes on to count minutes that are missing since.
 */
@Injectable()
export class BiBuildUseCase {
  private readonly readers: TableReaders;

  constructor(
    dailyBars: DailyBarReader,
    hourlyBars: HourlyBarReader,
    metrics: DailyMetricsReader,
    quality: DayQualityReader,
    events: PriceEventReader,
    private readonly symbols: SymbolReader,
    private readonly coverage: CoverageReader,
    private readonly parquet: ParquetFiles,
    private readonly unfit: UnfitRows,
    private readonly clock: BuildClock,
  ) {
    this.readers = { dailyBars, hourlyBars, metrics, quality, events, symbols };
  }

  /**
   * Builds beside the folder and turns it to the whole at the end; what fails or is aborted leaves the folder as it was. Of
   * the builds, the newest `kept` stay.
   *
   * @param after name of the build after which it is wanted, null for none: where the newest is another one already, none is
   *   made. Without it one is made in any case.
   * @throws StoreNotReadyError, CellDoesNotFitError, FolderTakenError, BuildRunningError
   */
  async run(folder: string, kept: number, signal: AbortSignal, after?: string | null): Promise<BuiltTable[]> {
    const madeAt = this.clock.passing();
    const scope = await this.scope();
    const staged = await StagedFolder.beside(folder);
    try {
      // Only now does no other process change it.
      const newest = (await new PublishedBuilds(folder).latest())?.name ?? null;
      if (after !== undefined && after !== newest) throw new BuildRunningError(folder);
      const tables: BuiltTable[] = [];
      for (const source of tableSources(this.readers)) {
        tables.push(await this.write(staged.path, source, scope, signal));
      }
      await writeWhole(join(staged.path, DESCRIPTOR), `${JSON.stringify(builtPackage(tables), undefined, 2)}\n`);
      signal.throwIfAborted();
      await staged.publish({ madeAt, kept });
      return tables;
    } catch (error) {
      await staged.discard();
      throw error;
    }
  }

  /** Symbols and dates; from here on the clock of the build stands still. */
  private async scope(): Promise<BuildScope> {
    const symbols = await this.symbols.known();
    const summaries = await this.symbols.summaries(symbols);
    const moment = dataEnd(summaries);
    this.clock.standAt(moment);
    const [oldest] = await this.coverage.ranges(symbols, {}, 1);
    const firsts = summaries.flatMap(({ firstDate }) => firstDate ?? []);
    const start = Math.min(...firsts, ...(oldest ? [oldest.start] : []));
    const end = floorTo(moment, DAY) + DAY;
    return { symbols, dates: { start: Number.isFinite(start) ? floorTo(start, DAY) : end, end }, moment };
  }

  private async write(
    folder: string,
    source: TableSource,
    scope: BuildScope,
    signal: AbortSignal,
  ): Promise<BuiltTable> {
    const { table, isFinal } = source;
    const [csvPath, parquetPath] = [join(folder, `${table.name}.csv`), join(folder, `${table.name}.parquet`)];
    const csv = await CsvByTime.create(csvPath, table);
    const parquet = await this.parquet.create(parquetPath, parquetColumns(table), (row) => rowKey(table, row).name);
    let rows = 0;
    let rowsNotFinal = 0;
    let written: readonly unknown[] = [];
    try {
      for (const part of partsOf(source, scope)) {
        csv.beginPart();
        for await (const page of source.pages(part)) {
          signal.throwIfAborted();
          written = page;
          await csv.write(page);
          await parquet.write(page);
          rows += page.length;
          for (const row of page) if (!isFinal(row, scope)) rowsNotFinal += 1;
        }
      }
    } catch (error) {
      await csv.abort();
      await parquet.abort();
      throw error instanceof CellDoesNotFitError ? await this.explained(error, table, written) : error;
    }
    await csv.finish();
    await parquet.finish();
    return { name: table.name, rows, rowsNotFinal, csv: await digestOf(csvPath), parquet: await digestOf(parquetPath) };
  }

  /** Names the minute or the price because of which a row of the page does not fit. */
  private async explained(
    error: CellDoesNotFitError,
    table: TableSource['table'],
    page: readonly unknown[],
  ): Promise<CellDoesNotFitError> {
    const key = page.map((row) => rowKey(table, row)).find(({ name }) => name === error.row);
    const origin = key?.range === undefined ? '' : await this.unfit.explain(key.symbol, key.range);
    return new CellDoesNotFitError(error.column, error.value, error.allowed, error.row, origin);
  }
}

/**
 * End of the newest minute, or moment of the newest event; of a symbol of which neither is kept any more, end of its last
 * day. 0 for a store without data.
 */
function dataEnd(summaries: readonly SymbolSummary[]): number {
  const ends = summaries.map(({ lastMinute, lastDate, lastEvent }) => {
    if (lastMinute === null && lastEvent === null) return lastDate === null ? 0 : lastDate + DAY;
    return Math.max(lastEvent ?? 0, lastMinute === null ? 0 : floorTo(lastMinute, MINUTE) + MINUTE);
  });
  return Math.max(0, ...ends);
}

/** Rows are read symbol by symbol, as Parquet has them; those of tables without a time in one go. */
function partsOf({ hasTimes }: TableSource, scope: BuildScope): BuildScope[] {
  return hasTimes ? scope.symbols.map((symbol) => ({ ...scope, symbols: [symbol] })) : [scope];
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
