import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ArchiveError,
  DAY,
  KlineArchive,
  type ArchiveDay,
  type ArchiveFailure,
  type Clock,
  type DayOfMinutes,
  type EpochMicros,
  type KlineFileEnd,
  type KlineFiles,
} from '@app/domain';
import type { HostOriginResolver } from '../hosts/host-origin';
import type { ExchangeHost } from '../hosts/host-pool';
import { httpDownload } from '../transport/http-download';
import { pause, TransportError } from '../transport/http-get';
import type { ArchiveMetrics } from './archive-metrics';
import type { ArchiveOptions } from './archive-options';
import { dailyFileName, dailyFilePath } from './archive-paths';
import { CHECKSUM_SUFFIX, MAX_CHECKSUM_BYTES } from './checksum-file';

/** Failures that another attempt may mend: the archive replaces files, and a checksum may be older than its file. */
const TRANSIENT: ReadonlySet<ArchiveFailure> = new Set<ArchiveFailure>(['unreachable', 'checksum_mismatch']);

/**
 * Binance's archive of daily files, https://data.binance.vision, laid out as github.com/binance/binance-public-data
 * describes it. A file goes to disk first and is read when its hash is found right, so memory holds one day at most.
 */
export class BinanceArchive extends KlineArchive {
  readonly isEnabled = true;

  constructor(
    private readonly host: ExchangeHost,
    private readonly origins: HostOriginResolver,
    private readonly files: KlineFiles,
    private readonly clock: Clock,
    private readonly metrics: ArchiveMetrics,
    private readonly options: ArchiveOptions,
  ) {
    super();
  }

  async day(symbol: string, date: EpochMicros, signal?: AbortSignal): Promise<ArchiveDay> {
    const folder = await mkdtemp(join(tmpdir(), 'csp-archive-'));
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.fetchDay(folder, symbol, date, signal);
        } catch (error) {
          if (!(error instanceof ArchiveError) || !TRANSIENT.has(error.failure)) throw error;
          if (attempt >= this.options.attempts) throw error;
          this.metrics.retries.inc({ reason: error.failure });
          await pause(this.options.retryDelayMs(attempt), signal);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async fetchDay(
    folder: string,
    symbol: string,
    date: EpochMicros,
    signal: AbortSignal | undefined,
  ): Promise<ArchiveDay> {
    const name = dailyFileName(symbol, date);
    const target = dailyFilePath(symbol, date);
    const path = join(folder, name);
    const origin = await this.origin(name);
    // The small file first: without it there is nothing to hold the large one against.
    await this.download(`${target}${CHECKSUM_SUFFIX}`, `${path}${CHECKSUM_SUFFIX}`, MAX_CHECKSUM_BYTES, signal);
    await this.download(target, path, this.options.maxFileBytes, signal);
    const fetchedAt = this.clock.now();
    const file = await this.files.open(path, { symbol, capturedAt: fetchedAt });
    const days: DayOfMinutes[] = [];
    const end = await readAll(file.days(signal), days);
    this.metrics.rows.inc(end.rows);
    this.metrics.duplicates.inc(end.duplicates);
    const range = { start: date, end: date + DAY };
    const candles = days[0]?.candles ?? [];
    const { rowsSha256, duplicates } = end;
    return { range, candles, file: file.facts, rowsSha256, duplicates, origin, fetchedAt };
  }

  private async origin(name: string): Promise<string> {
    try {
      return await this.origins.resolve(this.host);
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
    const timeoutMs = this.options.requestTimeoutMs;
    try {
      const { status, bytes } = await httpDownload(`${this.host.baseUrl}${target}`, path, {
        timeoutMs,
        maxBytes,
        signal,
      });
      this.metrics.bytes.inc(bytes);
      const failure = failureOf(status);
      this.metrics.requests.inc({ outcome: failure ?? 'ok' });
      if (failure) throw new ArchiveError(failure, `${name} from ${this.host.label}: HTTP ${status}`);
    } catch (error) {
      if (error instanceof TransportError) this.metrics.requests.inc({ outcome: error.failure });
      throw this.explained(error, name);
    }
  }

  private explained(error: unknown, name: string): unknown {
    if (!(error instanceof TransportError)) return error;
    return new ArchiveError('unreachable', `${name} from ${this.host.label}: ${error.message}`, { cause: error });
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
