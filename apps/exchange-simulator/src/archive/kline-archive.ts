import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { zipSync, type Zippable } from 'fflate';
import { klineRow } from '../binance-api/kline-row';
import { MarketClock } from '../clock/market-clock';
import { ARCHIVE_ROUTE } from '../faults/fault';
import { BrokenRows } from '../faults/broken-rows';
import { FaultRegistry } from '../faults/fault-registry';
import { oneStepMore } from '../faults/one-step-more';
import { Market, type Candle } from '../market/market';
import { LruCache } from '../market/simulated/lru-cache';
import { SIMULATOR_OPTIONS } from '../simulator-options.token';
import type { SimulatorOptions } from '../options';
import { appearanceOf, type ArchiveFile } from './archive-file';

/** Rows whose day begins here or later have microseconds, those before milliseconds. */
const MICROSECONDS_FROM = Date.UTC(2025, 0, 1);
const PAGE = 1_000;
const CACHED_FILES = 64;
const HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
/** The same in every time zone: a zip holds local time, and so does this. */
const FIXED_TIME = new Date(1980, 0, 1);

/**
 * The kline files of the exchange's archive. A file holds what the market said when it was published, so it never
 * changes while the faults stay the same, and the same market gives the same bytes.
 */
@Injectable()
export class KlineArchive {
  private cache = new LruCache<string, Uint8Array | null>(CACHED_FILES);

  constructor(
    private readonly market: Market,
    private readonly clock: MarketClock,
    private readonly faults: FaultRegistry,
    private readonly broken: BrokenRows,
    @Inject(SIMULATOR_OPTIONS) private readonly options: SimulatorOptions,
  ) {
    faults.onReplaced(() => {
      this.cache = new LruCache(CACHED_FILES);
    });
  }

  /** The zip; undefined while it is not there: not yet published, nothing traded, or no such symbol. */
  zip(file: ArchiveFile): Uint8Array | undefined {
    const publishedAt = appearanceOf(file, this.options.archiveDelay * 1_000);
    if (this.clock.now() < publishedAt || meeting(this.faults.of('archive-absent'), file).length > 0) {
      return undefined;
    }
    const bytes = this.cache.getOrCompute(`${file.period} ${file.name}`, () => this.made(file, publishedAt));
    return bytes ?? undefined;
  }

  /** The text of `.CHECKSUM`: the hash, two spaces, the name, and no line break. */
  checksum(file: ArchiveFile): string | undefined {
    const zip = this.zip(file);
    if (zip === undefined) {
      return undefined;
    }
    const hash = createHash('sha256').update(zip).digest('hex');
    const target = { path: ARCHIVE_ROUTE, symbols: [file.symbol] };
    const isOfOldIssue = this.faults.take('archive-checksum', target) !== undefined;
    return `${isOfOldIssue ? otherHash(hash) : hash}  ${file.name}.zip`;
  }

  private made(file: ArchiveFile, publishedAt: number): Uint8Array | null {
    if (
      this.market.find(file.symbol, publishedAt) === undefined ||
      this.market.refusal(file.interval, 0) !== undefined
    ) {
      return null;
    }
    const rows = this.disturbed(this.rowsOf(file, publishedAt), file, publishedAt);
    if (rows.length === 0) {
      return null;
    }
    const { symbol, interval } = file;
    const lines = rows.flatMap((row) => {
      const unit = row.openTime >= MICROSECONDS_FROM ? 'MICROSECOND' : 'MILLISECOND';
      const written = this.broken.klines(row, klineRow(row, unit), { symbol, interval, place: 'archive', unit });
      return written.map((columns) => columns.map(String).join(','));
    });
    if (meeting(this.faults.of('archive-header'), file).length > 0) {
      lines.unshift(HEADER);
    }
    const contents: Zippable = { [`${file.name}.csv`]: Buffer.from(`${lines.join('\n')}\n`) };
    return zipSync(contents, { mtime: FIXED_TIME, level: 6 });
  }

  private rowsOf({ symbol, interval, span }: ArchiveFile, now: number): Candle[] {
    const rows: Candle[] = [];
    for (let start = span.start; ;) {
      const page = this.market.klines({ symbol, interval, offset: 0, start, end: span.end - 1, limit: PAGE }, now);
      rows.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) {
        return rows;
      }
      start = last.openTime + 1;
    }
  }

  private disturbed(rows: readonly Candle[], file: ArchiveFile, now: number): Candle[] {
    const ends = meeting(this.faults.of('archive-truncated'), file).map(({ end }) => end);
    const copies = Math.max(1, ...meeting(this.faults.of('archive-duplicates'), file).map((fault) => fault.copies));
    const wrongInMonth =
      file.period === 'monthly'
        ? meeting(this.faults.of('archive-monthly-differs'), file).map((fault) => fault.open_time)
        : [];
    return rows
      .filter(({ openTime }) => ends.every((end) => openTime < end || end < file.span.start || end >= file.span.end))
      .map((row) =>
        wrongInMonth.some((time) => row.openTime <= time && time <= row.closeTime)
          ? oneStepMore(row, this.market.find(file.symbol, now))
          : row,
      )
      .flatMap((row) => Array.from({ length: copies }, () => row));
  }
}

/** The faults that are for this file. */
function meeting<F extends { readonly symbol?: string | undefined; readonly date?: string | undefined }>(
  faults: readonly F[],
  { symbol, date }: ArchiveFile,
): F[] {
  return faults.filter((fault) => (fault.symbol ?? symbol) === symbol && (fault.date ?? date) === date);
}

/** Another hash of the same form, as that of the issue before. */
function otherHash(hash: string): string {
  return createHash('sha256').update(hash).digest('hex');
}
