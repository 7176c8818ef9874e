import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnModuleDestroy } from '@nestjs/common';
import {
  ArchiveError,
  DAY,
  formatDate,
  KlineArchive,
  MINUTE,
  type ArchiveDay,
  type ArchiveFailure,
  type Clock,
  type DayOfMinutes,
  type DaySieve,
  type EpochMicros,
  type KlineFileEnd,
  type KlineFiles,
} from '@app/domain';
import { NoScratchFolderError, type ScratchFolders } from '@app/files';
import type { HostOriginResolver } from '../hosts/host-origin';
import type { ExchangeHost } from '../hosts/host-pool';
import { judgeAnswer, retryAtOf } from '../transport/answer-verdict';
import { httpDownload } from '../transport/http-download';
import { pause, TransportError } from '../transport/http-get';
import type { ProxyGate } from '../transport/proxy-gate';
import type { ArchiveMetrics } from './archive-metrics';
import type { ArchiveOptions } from './archive-options';
import { dailyFile, monthlyFile, type ArchiveFileAddress } from './archive-paths';
import { CHECKSUM_SUFFIX, MAX_CHECKSUM_BYTES } from './checksum-file';
import { MonthReader, type FetchedFile } from './month-reader';
import { dailyFrom, monthlyFrom } from './publication';

/** Failures that another attempt may mend: the archive replaces files, and a checksum may be older than its file. */
const TRANSIENT: ReadonlySet<ArchiveFailure> = new Set<ArchiveFailure>(['unreachable', 'checksum_mismatch']);

/** A monthly file that could not be had is not asked for again with each of its days for so long. */
const FAILED_MONTH_REST: EpochMicros = MINUTE;

/** The monthly file asked for last: days come from it in ascending order, or why there are none. */
interface LastMonth {
  readonly name: string;
  readonly folder: string;
  readonly month: MonthReader | ArchiveError;
  /** On the monotonic counter. */
  readonly askedAt: EpochMicros;
}

/** What the archive client stands on. */
export interface BinanceArchiveParts {
  readonly host: ExchangeHost;
  readonly origins: HostOriginResolver;
  readonly files: KlineFiles;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly options: ArchiveOptions;
  readonly proxies: ProxyGate;
  /** Where files lie from their arrival until they have been read. */
  readonly scratch: ScratchFolders;
}

/**
 * Binance's archive of daily and monthly files, https://data.binance.vision, laid out as
 * github.com/binance/binance-public-data describes it. A file goes to disk first and is read when its hash is found
 * right, so memory holds one day at most.
 */
export class BinanceArchive extends KlineArchive implements OnModuleDestroy {
  readonly isEnabled = true;
  readonly dailyFrom = dailyFrom;
  readonly monthlyFrom = monthlyFrom;
  private lastMonth: LastMonth | undefined;

  constructor(private readonly parts: BinanceArchiveParts) {
    super();
  }

  async day(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    const folder = this.newFolder(dailyFile(symbol, date));
    try {
      return await this.withRetries(async () => {
        const { file, fetchedAt, origin } = await this.fetchFile(folder, symbol, dailyFile(symbol, date), signal);
        const days: DayOfMinutes[] = [];
        const { rowsSha256, duplicates, rows, leftOut } = await readAll(file.days(signal, sieve), days);
        this.parts.metrics.rows.inc(rows);
        this.parts.metrics.duplicates.inc(duplicates);
        const candles = days[0]?.candles ?? [];
        const range = { start: date, end: date + DAY };
        return { range, candles, leftOut, file: file.facts, rowsSha256, duplicates, origin, fetchedAt };
      }, signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async dayOfMonth(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    const { month, name } = await this.monthOf(symbol, date, signal);
    // The file may be at hand already, and then nothing else looks at it.
    signal?.throwIfAborted();
    if (month instanceof ArchiveError) throw month;
    const day = await month.read(date, sieve);
    if (!day) throw new ArchiveError('not_found', `${name} has no row of ${formatDate(date)}`);
    this.parts.metrics.rows.inc(day.candles.length);
    return day;
  }

  async onModuleDestroy(): Promise<void> {
    await this.forgetMonth();
  }

  /** Fetches the month unless it is in hand, or has failed a moment ago. */
  private async monthOf(symbol: string, date: EpochMicros, signal: AbortSignal | undefined): Promise<LastMonth> {
    const address = monthlyFile(symbol, date);
    const last = this.lastMonth;
    const askedAt = this.parts.clock.monotonicNow();
    if (last?.name === address.name) {
      const isOfUse =
        last.month instanceof MonthReader ? !last.month.isPast(date) : askedAt - last.askedAt < FAILED_MONTH_REST;
      if (isOfUse) return last;
    }
    await this.forgetMonth();
    const folder = this.newFolder(address);
    try {
      const fetched = await this.withRetries(() => this.fetchFile(folder, symbol, address, signal), signal);
      this.lastMonth = { name: address.name, folder, month: new MonthReader(fetched), askedAt };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (!(error instanceof ArchiveError)) throw error;
      this.lastMonth = { name: address.name, folder, month: error, askedAt };
    }
    return this.lastMonth;
  }

  private async forgetMonth(): Promise<void> {
    const last = this.lastMonth;
    this.lastMonth = undefined;
    if (!last) return;
    if (last.month instanceof MonthReader) await last.month.close();
    await rm(last.folder, { recursive: true, force: true });
  }

  /** @throws ArchiveError where there is no place for the file: its day may come over REST */
  private newFolder({ name }: ArchiveFileAddress): string {
    try {
      return this.parts.scratch.make('csp-archive-', this.parts.options.maxFileBytes);
    } catch (error) {
      if (!(error instanceof NoScratchFolderError)) throw error;
      throw new ArchiveError('rejected', `${name} cannot be fetched: ${error.message}`, { cause: error });
    }
  }

  private async withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof ArchiveError) || !TRANSIENT.has(error.failure)) throw error;
        if (attempts >= this.parts.options.attempts || error.retryAt !== undefined) throw error;
        this.parts.metrics.retries.inc({ reason: error.failure });
        await pause(this.parts.options.retryDelayMs(attempts), signal);
      }
    }
  }

  private async fetchFile(
    folder: string,
    symbol: string,
    { name, path: target }: ArchiveFileAddress,
    signal: AbortSignal | undefined,
  ): Promise<FetchedFile> {
    const path = join(folder, name);
    const origin = await this.origin(name);
    // The small file first: without it there is nothing to hold the large one against.
    await this.download(`${target}${CHECKSUM_SUFFIX}`, `${path}${CHECKSUM_SUFFIX}`, MAX_CHECKSUM_BYTES, signal);
    await this.download(target, path, this.parts.options.maxFileBytes, signal);
    const fetchedAt = this.parts.clock.now();
    const file = await this.parts.files.open(path, { symbol, capturedAt: fetchedAt, isKnownSpot: true });
    return { file, fetchedAt, origin };
  }

  private async origin(name: string): Promise<string> {
    try {
      return await this.parts.origins.resolve(this.parts.host);
    } catch (error) {
      throw this.explained(error, name);
    }
  }

  private async download(
    target: string,
    path: string,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const name = decodeURIComponent(target.slice(target.lastIndexOf('/') + 1));
    const timeoutMs = this.parts.options.requestTimeoutMs;
    try {
      const { status, headers, bytes } = await httpDownload(`${this.parts.host.baseUrl}${target}`, path, {
        timeoutMs,
        maxBytes,
        signal,
        proxies: this.parts.proxies,
      });
      this.parts.metrics.bytes.inc(bytes);
      const failure = failureOf(status);
      this.parts.metrics.requests.inc({ outcome: failure ?? 'ok' });
      if (failure) {
        const retryAt = retryAtOf(judgeAnswer({ status, headers, text: '' }, this.parts.clock.now()));
        throw new ArchiveError(failure, `${name} from ${this.parts.host.label}: HTTP ${status}`, { retryAt });
      }
    } catch (error) {
      if (error instanceof TransportError) this.parts.metrics.requests.inc({ outcome: error.failure });
      throw this.explained(error, name);
    }
  }

  private explained(error: unknown, name: string): unknown {
    if (!(error instanceof TransportError)) return error;
    return new ArchiveError('unreachable', `${name} from ${this.parts.host.label}: ${error.message}`, { cause: error });
  }
}

function failureOf(status: number): ArchiveFailure | undefined {
  if (status === 200) return undefined;
  if (status === 404) return 'not_found';
  return status >= 500 || status === 429 || status === 408 ? 'unreachable' : 'rejected';
}

/** Runs a generator to its end: what it yields goes to `days`, what it returns is returned. */
async function readAll(
  generator: AsyncGenerator<DayOfMinutes, KlineFileEnd>,
  days: DayOfMinutes[],
): Promise<KlineFileEnd> {
  for (;;) {
    const step = await generator.next();
    if (step.done === true) return step.value;
    days.push(step.value);
  }
}
