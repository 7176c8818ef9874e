import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import {
  CandleReader,
  CellDoesNotFitError,
  Clock,
  DAY,
  formatBucketTime,
  MINUTE,
  minutesIn,
  ParquetFiles,
  SymbolReader,
  type CandleInterval,
  type StoredCandle,
  type TimeKey,
  type TimeRange,
  PAGE_ROWS,
} from '@app/domain';
import { UnfitRows } from '../unfit-rows';
import { candleColumns } from './candle-columns';
import { CandleText, type TextFormat } from './candle-text';

export const EXPORT_FORMATS = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  /** Ascending by code points. */
  readonly symbols: readonly string[];
  readonly interval: CandleInterval;
  /** Of open times; bounds that are absent are open. */
  readonly range: Partial<TimeRange>;
}

/** Where an export stands: candles written, and the minutes of the market that they reach over. */
export interface ExportProgress {
  readonly rows: number;
  readonly minutesDone: number;
  readonly minutesTotal: number;
}

type OnProgress = (progress: ExportProgress) => void;

/**
 * Writes candles of any interval and range, by open time, then symbol. They are read page by page, each page only when
 * the one before has been taken, so memory stays as it is and a slow reader keeps no state of the database alive.
 */
@Injectable()
export class ExportCandlesUseCase {
  constructor(
    private readonly candles: CandleReader,
    private readonly symbols: SymbolReader,
    private readonly parquet: ParquetFiles,
    private readonly clock: Clock,
    private readonly unfit: UnfitRows,
  ) {}

  /** Writes to a stream, at its pace, and leaves it open; returns how many candles. @throws CandleGridUnknownError */
  async toStream(
    request: ExportRequest,
    format: TextFormat,
    stream: Writable,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<number> {
    const write = async (chunk: string): Promise<void> => {
      if (!stream.write(chunk)) await once(stream, 'drain', { signal });
    };
    return this.writeText(request, format, write, signal, onProgress);
  }

  /**
   * Writes to a file, which has its name once it is whole; returns how many candles.
   *
   * @throws CandleGridUnknownError, CellDoesNotFitError
   */
  async toFile(
    request: ExportRequest,
    format: ExportFormat,
    path: string,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<number> {
    const partial = `${path}.${process.pid}.part`;
    try {
      const rows =
        format === 'parquet'
          ? await this.toParquet(request, partial, signal, onProgress)
          : await this.toTextFile(request, format, partial, signal, onProgress);
      signal.throwIfAborted();
      await rename(partial, path);
      return rows;
    } finally {
      await rm(partial, { force: true });
    }
  }

  private async toTextFile(
    request: ExportRequest,
    format: TextFormat,
    path: string,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<number> {
    const handle = await open(path, 'w');
    try {
      const rows = await this.writeText(request, format, (chunk) => handle.writeFile(chunk), signal, onProgress);
      await handle.datasync();
      return rows;
    } finally {
      await handle.close();
    }
  }

  private async writeText(
    request: ExportRequest,
    format: TextFormat,
    write: (chunk: string) => Promise<void>,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<number> {
    const text = new CandleText(format, request.interval, this.clock.now());
    if (text.head !== '') await write(text.head);
    let rows = 0;
    for await (const page of this.pages(request, signal, onProgress)) {
      await write(text.lines(page));
      rows += page.length;
    }
    return rows;
  }

  private async toParquet(
    request: ExportRequest,
    path: string,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<number> {
    const nameOf = ({ symbol, openTime }: StoredCandle): string => `${symbol} ${formatBucketTime(openTime)}`;
    const file = await this.parquet.create(path, candleColumns(request.interval, this.clock.now()), nameOf);
    let rows = 0;
    let written: readonly StoredCandle[] = [];
    try {
      for await (const page of this.pages(request, signal, onProgress)) {
        written = page;
        await file.write(page);
        rows += page.length;
      }
      await file.finish();
      return rows;
    } catch (error) {
      await file.abort();
      if (!(error instanceof CellDoesNotFitError)) throw error;
      const candle = written.find((one) => nameOf(one) === error.row);
      const range = candle && { start: candle.openTime, end: candle.closeTime };
      const origin = candle && range ? await this.unfit.explain(candle.symbol, range) : '';
      throw new CellDoesNotFitError(error.column, error.value, error.allowed, error.row, origin);
    }
  }

  /** Each page when the one before has been taken; how far that is is told wherever more is to come. */
  private async *pages(
    request: ExportRequest,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): AsyncGenerator<StoredCandle[]> {
    const { symbols, interval, range } = request;
    const span = await this.span(request);
    const minutesTotal = minutesIn(span);
    let rows = 0;
    for (let after: TimeKey | undefined; ;) {
      signal.throwIfAborted();
      const page = await this.candles.range(symbols, interval, range, PAGE_ROWS, after);
      if (page.length > 0) yield page;
      rows += page.length;
      const last = page.at(-1);
      if (!last || page.length < PAGE_ROWS) return;
      onProgress({ rows, minutesDone: minutesIn({ start: span.start, end: last.openTime }), minutesTotal });
      after = { time: last.openTime, symbol: last.symbol };
    }
  }

  /** From the first to the last minute that can be there; empty where nothing is stored. */
  private async span({ symbols, range }: ExportRequest): Promise<TimeRange> {
    const summaries = await this.symbols.summaries(symbols);
    const stored = summaries.flatMap(({ firstDate, lastDate, lastMinute }) => {
      if (firstDate === null || lastDate === null) return [];
      return [{ start: firstDate, end: lastMinute === null ? lastDate + DAY : lastMinute + MINUTE }];
    });
    const start = Math.max(range.start ?? 0, Math.min(...stored.map((one) => one.start)));
    const end = Math.min(range.end ?? Infinity, Math.max(...stored.map((one) => one.end)));
    return start < end ? { start, end } : { start: 0, end: 0 };
  }
}
