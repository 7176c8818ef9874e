import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  formatEventTime,
  SECOND,
  StoreNotReadyError,
  StoreStatus,
  type EpochMicros,
  type ProcessStatusRow,
} from '@app/domain';
import { HealthReport, platformVersion, type HealthStatus } from '@app/http';
import { askProcess, REMOTE_PROCESSES, summaryOf, type ProcessSummary, type RemoteProcess } from './remote-processes';
import { SymbolFreshnessReader, type SymbolFreshness } from './symbol-freshness';

/** A process writes its status every 10 s of real time; what is older than this in market time as well is silence. */
const STATUS_VALID: EpochMicros = 30 * SECOND;
/** Polls that may be missed before the prices of a symbol count as old. */
const POLLS_MISSED = 3;
const LEAST_PRICE_AGE_SECONDS = 90;

/** What a process wrote of itself, unless it has been silent since. */
function summaryOfRow(row: ProcessStatusRow, now: EpochMicros): ProcessSummary {
  const age = now - row.updatedAt;
  if (age > STATUS_VALID) {
    return { state: 'unknown', detail: `silent since ${formatEventTime(row.updatedAt)}` };
  }
  try {
    return summaryOf(JSON.parse(row.status));
  } catch {
    return { state: 'unknown', detail: 'does not say how it does' };
  }
}

/** The whole platform as seen from the API: store, processes, freshness of every symbol. */
@Injectable()
export class PlatformHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(REMOTE_PROCESSES) private readonly remotes: readonly RemoteProcess[],
    private readonly store: StoreStatus,
    private readonly freshness: SymbolFreshnessReader,
    private readonly clock: Clock,
  ) {
    super();
  }

  async report(): Promise<HealthStatus> {
    const now = this.clock.now();
    const { ready, reason } = this.store.readiness();
    const [asked, written, symbols, origin, damaged] = await Promise.all([
      Promise.all(this.remotes.map(async (remote) => [remote.name, await askProcess(remote)] as const)),
      this.whenReadable([], () => this.store.processes()),
      this.whenReadable([], () => this.freshness.read(this.config.symbols, now)),
      this.whenReadable(null, () => this.store.origin()),
      this.whenReadable([], () => this.store.damagedFiles()),
    ]);
    const processes = this.merge(asked, written, now);
    const reasons = [
      ...(ready ? [] : [`store: ${reason}`]),
      ...Object.entries(processes)
        .filter(([, { state }]) => state !== 'ok')
        .map(([name, { state, detail }]) => `${name}: ${state}${detail === '' ? '' : `, ${detail}`}`),
      ...damaged.map((file) => `store: lines of ${file} were lost outside this program`),
      ...(ready ? this.staleness(symbols) : []),
    ];
    return {
      status: reasons.length === 0 ? 'ok' : 'degraded',
      reasons,
      version: this.version,
      broker_mode: this.config.brokerMode,
      now: formatEventTime(now),
      uptime_seconds: Math.round(process.uptime()),
      storage: { ready, reason, origin, damaged_files: damaged },
      processes,
      symbols,
    };
  }

  /** What a process answers itself comes first; what it wrote to the store stands in where it gives no answer. */
  private merge(
    asked: readonly (readonly [string, ProcessSummary])[],
    written: readonly ProcessStatusRow[],
    now: EpochMicros,
  ): Record<string, ProcessSummary> {
    const processes = Object.fromEntries(written.map((row) => [row.process, summaryOfRow(row, now)]));
    for (const [name, summary] of asked) {
      if (summary.state !== 'unknown' || (processes[name]?.state ?? 'unknown') === 'unknown') processes[name] = summary;
    }
    return processes;
  }

  private staleness(symbols: readonly SymbolFreshness[]): string[] {
    const { capture, pollIntervalSeconds } = this.config.ingest;
    const allowed = Math.max(LEAST_PRICE_AGE_SECONDS, POLLS_MISSED * pollIntervalSeconds);
    return symbols.flatMap(({ symbol, last_event_age_seconds: age, last_minute: minute }) => [
      ...(capture.includes('tickers') && age === null ? [`${symbol}: no price yet`] : []),
      ...(capture.includes('tickers') && age !== null && age > allowed ? [`${symbol}: last price ${age} s ago`] : []),
      ...(capture.includes('candles') && minute === null ? [`${symbol}: no minute in the last 10`] : []),
    ]);
  }

  private async whenReadable<T>(otherwise: T, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof StoreNotReadyError) return otherwise;
      throw error;
    }
  }
}
