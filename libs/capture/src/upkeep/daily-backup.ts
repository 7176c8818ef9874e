import { Inject, Injectable, Optional } from '@nestjs/common';
import { newestBackup, type KeptBackup } from '@app/backup';
import { writerIdOf } from '@app/bronze';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { DailyCommand } from '@app/daily-command';
import { Clock, formatBucketTime, healthReason, StoreCondition, type EpochMicros } from '@app/domain';
import { jobOf, JobRunner } from '@app/jobs';
import { Counter, Gauge, LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import type { BackupSnapshot } from '../status/capture-snapshot';
import { CaptureStatus } from '../status/capture-status';

/** A backup of a large store takes hours; one that takes longer hangs. */
const MAX_SECONDS = 12 * 3_600;

/**
 * Backs up the store each day at `BACKUP_AT`, by the command, in a process of its own. Backups of the same
 * store by hand into the same folder count; those of other stores, and what is cut off, do not.
 */
@Injectable()
export class DailyBackup {
  private readonly daily: DailyCommand | undefined;
  /** As of the last look at the folder, which may be slow to answer. */
  private newest: KeptBackup | undefined;

  constructor(
    @Inject(APP_CONFIG) config: AppConfig,
    @Inject(CAPTURE_OPTIONS) { commandScript: script }: CaptureOptions,
    runner: JobRunner,
    status: CaptureStatus,
    clock: Clock,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
    @Optional() store?: StoreCondition,
  ) {
    const { folder, dailyAt } = config.backups;
    if (dailyAt === null || script === undefined) {
      runner.add(jobOf('backup', config, undefined));
      return;
    }
    const failures = new Counter({
      name: 'csp_backup_failures_total',
      help: 'Daily backups that failed; each is tried again.',
      registers: [metrics],
    });
    const seconds = new Gauge({
      name: 'csp_backup_duration_seconds',
      help: 'How long the last daily backup took.',
      registers: [metrics],
    });
    this.daily = new DailyCommand({
      name: 'the daily backup',
      script,
      command: () => ['backup'],
      dailyAt,
      maxSeconds: MAX_SECONDS,
      newest: async () => {
        const writerId = writerIdOf(config.storage.rawDir);
        this.newest = writerId === undefined ? undefined : await newestBackup(folder, writerId);
        return this.newest;
      },
      mayRun: () => store?.readiness().ready !== false,
      clock,
      logger,
      failures,
      seconds,
    });
    // The newest backup is known whether or not the store can be read: the command looks at that itself.
    const job = runner.add(jobOf('backup', config, this.daily));
    // Of several processes, the one that keeps the history knows.
    const known = (): EpochMicros | undefined => (job.isStarted ? (this.newest?.madeAt ?? 0) : undefined);
    new Gauge({
      name: 'csp_backup_last_made_timestamp_seconds',
      help: 'When the newest whole backup in BACKUP_DIR was made, daily or by hand; 0 for none.',
      registers: [metrics],
      collect() {
        const madeAt = known();
        if (madeAt === undefined) this.remove();
        else this.set(madeAt / 1e6);
      },
    });
    status.backupReportsBy(() => this.snapshot());
  }

  private snapshot(): BackupSnapshot {
    const failure = this.daily?.failure;
    const note = failure
      ? healthReason`the daily backup failed: ${failure.tries} at ${formatBucketTime(failure.at)}, ${failure.reason}; it is tried again`
      : '';
    return {
      newest_at: this.newest ? formatBucketTime(this.newest.madeAt) : null,
      is_running: this.daily?.isRunning ?? false,
      last_failure: this.daily?.failureReport ?? null,
      note,
    };
  }
}
