import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { PublishedBuilds, type PublishedBuild } from '@app/bi';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { DailyCommand } from '@app/daily-command';
import {
  Clock,
  DAY,
  formatBucketTime,
  formatMillisTime,
  healthReason,
  SECOND,
  StoreStatus,
  type EpochMicros,
} from '@app/domain';
import { jobOf, JobRunner, type Job } from '@app/jobs';
import { Counter, Gauge, LOGGER, MetricsRegistry, type Logger } from '@app/observability';

/** Injects the command line program, of which `bi-build` is a command. */
export const BUILD_SCRIPT = 'BUILD_SCRIPT';

/**
 * Makes a build of the tables each day at `BI_BUILD_AT`, in a process of its own. Builds by hand count, and where several
 * processes serve the same builds, one of them makes it.
 */
@Injectable()
export class DailyBuild implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly daily: DailyCommand | undefined;
  private readonly job: Job;
  /** How old a build may become: begun a day after it, the next one has its time to be made. */
  private readonly maxAge: EpochMicros;
  /** On the monotonic counter of the clock. */
  private readonly createdAt: EpochMicros;

  constructor(
    @Inject(APP_CONFIG) config: AppConfig,
    @Inject(BUILD_SCRIPT) script: string,
    private readonly builds: PublishedBuilds,
    runner: JobRunner,
    store: StoreStatus,
    private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const { dailyAt, maxSeconds } = config.builds;
    this.maxAge = DAY + maxSeconds * SECOND;
    this.createdAt = clock.monotonicNow();
    const failures = new Counter({
      name: 'csp_bi_build_failures_total',
      help: 'Daily builds of the tables that failed; each is tried again.',
      registers: [metrics],
    });
    const seconds = new Gauge({
      name: 'csp_bi_build_duration_seconds',
      help: 'How long the last daily build of the tables took.',
      registers: [metrics],
    });
    new Gauge({
      name: 'csp_bi_build_last_made_timestamp_seconds',
      help: 'When the newest build of the tables was made, daily or by hand; 0 for none.',
      registers: [metrics],
      async collect() {
        this.set(((await builds.latest())?.madeAt ?? 0) / 1e6);
      },
    });
    const mostAge = async (): Promise<EpochMicros> => this.mostAge(await builds.latest());
    new Gauge({
      name: 'csp_bi_build_max_age_seconds',
      help:
        'How old the newest build may become where BI_BUILD_AT makes one each day: a day and BI_BUILD_MAX_SECONDS; for none, ' +
        'which counts as of 1970, until BI_BUILD_MAX_SECONDS after the start of the process.',
      registers: [metrics],
      async collect() {
        // No figure is no limit.
        if (dailyAt === null) this.remove();
        else this.set((await mostAge()) / SECOND);
      },
    });
    if (dailyAt !== null) {
      this.daily = new DailyCommand({
        name: 'the daily build of the tables',
        script,
        // Another process may make one before this one gets to it.
        command: (newest) => ['bi-build', '--after', newest?.name ?? 'none'],
        dailyAt,
        maxSeconds,
        newest: () => builds.latest(),
        // A store that cannot be read says so itself.
        mayRun: () => store.readiness().ready,
        clock,
        logger,
        failures,
        seconds,
      });
    }
    this.job = runner.add(jobOf('bi-build', config, this.daily));
  }

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  /** What there is to say of builds, one readable line each, without paths. */
  async notes(): Promise<string[]> {
    if (!this.daily) return [];
    const failure = this.daily.failure;
    const old = await this.oldBuild();
    return [
      ...(failure
        ? [
            healthReason`/data/: the daily build failed: ${failure.tries} at ${formatBucketTime(failure.at)}, ${failure.reason}; it is tried again`,
          ]
        : []),
      ...(old === undefined ? [] : [old]),
    ];
  }

  /** As `/health` shows it. */
  async status(): Promise<object> {
    const newest = await this.builds.latest();
    return {
      newest: newest ? { build: newest.name, made_at: formatMillisTime(newest.madeAt) } : null,
      is_building: this.daily?.isRunning ?? false,
      last_failure: this.daily?.failureReport ?? null,
    };
  }

  /** Where the newest build is older than it should be: what there is to say of it. */
  private async oldBuild(): Promise<string | undefined> {
    const newest = await this.builds.latest();
    if (this.clock.now() - (newest?.madeAt ?? 0) <= this.mostAge(newest)) return undefined;
    if (!newest) return healthReason`/data/: there is no build yet, though one was due when this process started`;
    return healthReason`/data/: the newest build is of ${formatBucketTime(newest.madeAt)}: a daily one has failed, hangs or is late`;
  }

  /** How old the newest build may become. Where there is none, which counts as of 1970, it was due when the process began. */
  private mostAge(newest: PublishedBuild | undefined): EpochMicros {
    if (newest) return this.maxAge;
    const begunAt = this.clock.now() - (this.clock.monotonicNow() - this.createdAt);
    return begunAt + this.maxAge - DAY;
  }
}
