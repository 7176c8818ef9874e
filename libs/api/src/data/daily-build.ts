import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { PublishedBuilds, type PublishedBuild } from '@app/bi';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  DAY,
  floorTo,
  formatBucketTime,
  formatMillisTime,
  MINUTE,
  StoreStatus,
  type EpochMicros,
} from '@app/domain';
import { Counter, Gauge, LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { runBuild, type BuildOutcome } from './build-process';

/** Injects the command line program, of which `bi-build` is a command. */
export const BUILD_SCRIPT = 'BUILD_SCRIPT';

/** Longest time between two looks at whether a build is due: clocks are set, and builds made by hand. */
const LOOK_MS = 10_000;
/** Pause after a failure; twice as long after each further one. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 1_800_000;

interface Failure {
  readonly at: EpochMicros;
  readonly reason: string;
  /** How many there were since the last build. */
  readonly count: number;
}

/**
 * Makes a build of the tables each day at `BI_BUILD_AT`, in a process of its own. What decides is when the newest build
 * was made, by whomever: a time at which this process was not there is made up for, and where several serve the same
 * builds, one of them makes it.
 */
@Injectable()
export class DailyBuild implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly failures: Counter;
  private readonly seconds: Gauge;
  private loop: Promise<void> = Promise.resolve();
  private failure: Failure | undefined;
  /** Real milliseconds on a counter of its own. */
  private pausedUntil = 0;
  private isBuilding = false;
  /** The last time of day for which this process has made one. */
  private madeFor: EpochMicros | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(BUILD_SCRIPT) private readonly script: string,
    private readonly builds: PublishedBuilds,
    private readonly store: StoreStatus,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.failures = new Counter({
      name: 'csp_bi_build_failures_total',
      help: 'Daily builds of the tables that failed; each is tried again.',
      registers: [metrics],
    });
    this.seconds = new Gauge({
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
  }

  onApplicationBootstrap(): void {
    const { dailyAt } = this.config.builds;
    if (dailyAt !== null) this.loop = this.keepBuilding(dailyAt);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /** What there is to say of builds, one readable line each, without paths. */
  notes(): string[] {
    if (!this.failure) return [];
    const { count, at, reason } = this.failure;
    const times = count === 1 ? 'the last try' : `the last of ${count} tries`;
    return [`/data/: the daily build failed: ${times} at ${formatBucketTime(at)}, ${reason}; it is tried again`];
  }

  /** As `/health` shows it. */
  async status(): Promise<object> {
    const newest = await this.builds.latest();
    return {
      newest: newest ? { build: newest.name, made_at: formatMillisTime(newest.madeAt) } : null,
      is_building: this.isBuilding,
      last_failure: this.failure ? { at: formatBucketTime(this.failure.at), reason: this.failure.reason } : null,
    };
  }

  private async keepBuilding(dailyAt: EpochMicros): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const last = lastTime(dailyAt, this.clock.now());
        if (this.mayBuild() && last !== this.madeFor && isDue(last, this.clock.now(), await this.builds.latest())) {
          await this.build(last);
        }
      } catch (error) {
        this.logger.error({ err: error }, 'it cannot be told whether a build of the tables is due');
      }
      const next = lastTime(dailyAt, this.clock.now()) + DAY;
      const pause = Math.min(LOOK_MS, this.clock.realMillisUntil(next) + 1);
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** A store that cannot be read says so itself. */
  private mayBuild(): boolean {
    return performance.now() >= this.pausedUntil && this.store.readiness().ready;
  }

  private async build(time: EpochMicros): Promise<void> {
    this.isBuilding = true;
    const begunAt = performance.now();
    const outcome = await runBuild(this.script, this.stopping.signal);
    this.isBuilding = false;
    // Where a file system keeps times badly, the build may look older than it is.
    if (outcome.kind === 'made') this.madeFor = time;
    this.note(outcome, (performance.now() - begunAt) / 1_000);
  }

  private note(outcome: BuildOutcome, seconds: number): void {
    if (outcome.kind === 'made') {
      this.failure = undefined;
      this.seconds.set(seconds);
      this.logger.info({ seconds: Math.round(seconds) }, 'the daily build of the tables is made');
    }
    if (outcome.kind !== 'failed') return;
    const count = (this.failure?.count ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
    this.failure = { at: this.clock.now(), reason: outcome.reason, count };
    this.pausedUntil = performance.now() + pauseMs;
    this.failures.inc();
    this.logger.error(
      { reason: outcome.reason, said: outcome.said, retry_seconds: pauseMs / 1_000 },
      'the daily build of the tables failed',
    );
  }
}

/** The last time that it was this time of day. */
function lastTime(dailyAt: EpochMicros, now: EpochMicros): EpochMicros {
  return floorTo(now - dailyAt, DAY) + dailyAt;
}

/** Whether there is no build from that time on; one from the future is of a clock that was ahead. */
function isDue(time: EpochMicros, now: EpochMicros, newest: PublishedBuild | undefined): boolean {
  return !newest || newest.madeAt < time || newest.madeAt > now + MINUTE;
}
