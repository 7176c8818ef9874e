import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import {
  CandleReader,
  Clock,
  ParquetFiles,
  type CandleInterval,
  type EpochMicros,
  type StoredCandle,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { candleColumns } from './candle-columns';
import { CandleText, type TextFormat } from './candle-text';

/** Candles that one read brings: no read transaction is longer, however slowly they are taken. */
const PAGE = 5_000;

export const EXPORT_FORMATS = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  /** Ascending by code points. */
  readonly symbols: readonly string[];
  readonly interval: CandleInterval;
  /** Of open times; bounds that are absent are open. */
  readonly range: Partial<TimeRange>;
}

/**
 * Writes candles of any interval and range, by open time, then symbol. They are read page by page, each page only when
 * the one before has been taken, so memory stays as it is and a slow reader keeps no state of the database alive.
 */
@Injectable()
export class ExportCandlesUseCase {
  constructor(
    private readonly candles: CandleReader,
    private readonly parquet: ParquetFiles,
    private readonly clock: Clock,
  ) {}

  /** Writes to a stream, at its pace, and leaves it open; returns how many candles. @throws CandleGridUnknownError */
  async toStream(request: ExportRequest, format: TextFormat, stream: Writable, signal: AbortSignal): Promise<number> {
    const text = new CandleText(format, request.interval, this.clock.now());
    const write = async (chunk: string): Promise<void> => {
      if (chunk !== '' && !stream.write(chunk)) await once(stream, 'drain', { signal });
    };
    await write(text.head);
    let rows = 0;
    for await (const page of this.pages(request, signal)) {
      await write(text.lines(page));
      rows += page.length;
    }
    return rows;
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
    onProgress: (rows: number, openTime: EpochMicros) => void = () => undefined,
  ): Promise<number> {
    const partial = `${path}.${process.pid}.part`;
    try {
      const rows =
        format === 'parquet'
          ? await this.toParquet(request, partial, signal, onProgress)
          : await this.toTextFile(request, format, partial, signal);
      signal.throwIfAborted();
      await rename(partial, path);
      return rows;
    } finally {
      rmSync(partial, { force: true });
    }
  }

  private async toTextFile(
    request: ExportRequest,
    format: TextFormat,
    path: string,
    signal: AbortSignal,
  ): Promise<number> {
    const stream = createWriteStream(path, { flush: true });
    try {
      const rows = await this.toStream(request, format, stream, signal);
      stream.end();
      await finished(stream);
      return rows;
    } finally {
      stream.destroy();
    }
  }

  private async toParquet(
    request: ExportRequest,
    path: string,
    signal: AbortSignal,
    onProgress: (rows: number, openTime: EpochMicros) => void,
  ): Promise<number> {
    const file = await this.parquet.create(path, candleColumns(request.interval, this.clock.now()));
    let rows = 0;
    try {
      for await (const page of this.pages(request, signal)) {
        await file.write(page);
        rows += page.length;
        onProgress(rows, page.at(-1)?.openTime ?? 0);
      }
      await file.finish();
      return rows;
    } catch (error) {
      await file.abort();
      throw error;
    }
  }

  private async *pages(
    { symbols, interval, range }: ExportRequest,
    signal: AbortSignal,
  ): AsyncGenerator<StoredCandle[]> {
    for (let after: TimeKey | undefined; ;) {
      signal.throwIfAborted();
      const page = await this.candles.range(symbols, interval, range, PAGE, after);
      if (page.length > 0) yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = { time: last.openTime, symbol: last.symbol };
    }
  }
}
