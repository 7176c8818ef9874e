import { Inject, Injectable, Optional } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  DAY,
  formatBucketTime,
  formatEventTime,
  healthReason,
  PriceEventReader,
  StoreCondition,
  StoreNotReadyError,
  StoreStatus,
  type LostLines,
} from '@app/domain';
import { HealthReport, platformVersion, ProcessHealth, type HealthStatus } from '@app/http';
import { DailyBuild } from '../data/daily-build';
import { LocalProcess } from './local-process';
import { ServedSymbols } from '../symbols/served-symbols';
import { CaptureTime } from './capture-time';
import { mergeProcesses } from './merge-processes';
import { OldData } from './old-data';
import { ProcessWatch } from './process-watch';
import { askProcess, REMOTE_PROCESSES, summaryOf, type RemoteProcess } from './remote-processes';
import { SymbolFreshnessReader } from './symbol-freshness';

/** What cannot be mended is said so long that it is seen, and then listed alone. */
const LOSS_DEGRADES_FOR = DAY;

function describeLostLines({ file, firstLine, lines, reason, noticedAt }: LostLines): string {
  const what =
    lines === 1 ? `line ${firstLine} of ${file}` : `${lines} lines of ${file}, the first of them ${firstLine},`;
  return (
    healthReason`store: ${what} could not be read when it was taken up, and is missing from the tables (${reason}); said until ` +
    `${formatBucketTime(noticedAt + LOSS_DEGRADES_FOR)}, listed in storage.lost_lines for good`
  );
}

function lostLinesOf({ file, firstLine, lines, reason, noticedAt }: LostLines): object {
  return { file, first_line: firstLine, lines, reason, noticed_at: formatEventTime(noticedAt) };
}

/** The whole platform as seen from the API: store, processes, freshness of every symbol. */
@Injectable()
export class PlatformHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(REMOTE_PROCESSES) private readonly remotes: readonly RemoteProcess[],
    private readonly store: StoreStatus,
    private readonly served: ServedSymbols,
    private readonly freshness: SymbolFreshnessReader,
    private readonly oldData: OldData,
    private readonly events: PriceEventReader,
    private readonly condition: StoreCondition,
    private readonly watch: ProcessWatch,
    private readonly captureTime: CaptureTime,
    private readonly health: ProcessHealth,
    private readonly builds: DailyBuild,
    private readonly clock: Clock,
    @Optional() @Inject(LocalProcess) private readonly local?: LocalProcess,
  ) {
    super();
  }

  async report(): Promise<HealthStatus> {
    const now = this.clock.now();
    const { ready, state, reason } = this.store.readiness();
    const served = await this.whenReadable([], () => this.served.all());
    const [asked, written, symbols, origin, damaged, altered, lostLines, ahead] = await Promise.all([
      Promise.all(this.remotes.map(async (remote) => [remote.name, await askProcess(remote)] as const)),
      this.watch.look(),
      this.whenReadable([], () => this.freshness.read(served, now)),
      this.whenReadable(null, () => this.store.origin()),
      this.whenReadable([], () => this.store.damagedFiles()),
      this.whenReadable([], () => this.store.alteredFiles()),
      this.whenReadable([], () => this.store.lostLines()),
      this.whenReadable(0, () => this.events.countAhead(served)),
    ]);
    const processes = mergeProcesses(asked, written);
    if (this.local) processes[this.local.name] = summaryOf(this.local.status());
    const clock = this.captureTime.state();
    const ofClock = clock === undefined || clock.detail === '' ? [] : [`api: ${clock.detail}`];
    const isCorrected = clock?.state === 'corrected';
    const faults = [
      ...(ready ? [] : [`store: ${reason}`]),
      ...Object.entries(processes)
        .filter(([, { state }]) => state !== 'ok')
        .map(([name, { state, detail }]) => `${name}: ${state}${detail === '' ? '' : `, ${detail}`}`),
      ...damaged.map((file) => healthReason`store: lines of ${file} were lost outside this program`),
      ...altered.map(
        (file) => healthReason`store: ${file} was altered outside this program; \`cli verify-bi\` names the lines`,
      ),
      ...lostLines.filter(({ noticedAt }) => Math.abs(now - noticedAt) < LOSS_DEGRADES_FOR).map(describeLostLines),
      ...(ready ? this.oldData.reasons(symbols) : []),
      ...(isCorrected ? ofClock : []),
    ];
    const notes = [
      ...(isCorrected ? [] : ofClock),
      // Where this process captures too, its other half tells them.
      ...(this.local ? [] : this.condition.notes().map((note) => `store: ${note}`)),
      ...this.health.notes(),
      ...(await this.builds.notes()),
      ...Object.entries(processes).flatMap(([name, process]) =>
        (process.notes ?? []).map((note) => `${name}: ${note}`),
      ),
      ...(ahead === 0
        ? []
        : [healthReason`store: ${ahead} price events are stamped later than now; each counts once its time has come`]),
    ];
    return {
      status: faults.length === 0 ? 'ok' : 'degraded',
      reasons: [...faults, ...notes],
      version: this.version,
      broker_mode: this.config.brokerMode,
      now: formatEventTime(now),
      uptime_seconds: Math.round(process.uptime()),
      storage: {
        ready,
        state,
        reason,
        origin,
        damaged_files: damaged,
        altered_files: altered,
        lost_lines: lostLines.map(lostLinesOf),
        events_ahead: ahead,
      },
      ...(clock ? { clock } : {}),
      builds: await this.builds.status(),
      processes,
      symbols,
    };
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
