import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Clock } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import type { BackgroundJob, JobReport, JobScope } from './background-job';
import { InstantTimer } from './instant-timer';
import { Job } from './job';
import { JobMetrics } from './job-metrics';
import type { JobTimer } from './job-timer';
import { OnceTimer } from './once-timer';
import { SteadyTimer } from './steady-timer';

/** Runs the background jobs of a process, and knows how each of them stands. */
@Injectable()
export class JobRunner implements OnModuleDestroy {
  private readonly jobs: Job[] = [];

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
    private readonly metrics: JobMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** It runs from when it is started on. */
  add(job: BackgroundJob): Job {
    const added = new Job(job, this.timerOf(job), this.clock, this.logger);
    this.jobs.push(added);
    return added;
  }

  /** Starts all jobs of the scope that this process has. */
  start(scope: JobScope): void {
    for (const job of this.of(scope)) job.start();
  }

  async stop(scope: JobScope): Promise<void> {
    await Promise.all(this.of(scope).map((job) => job.stop()));
  }

  /** What has not been stopped before. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }

  reports(): JobReport[] {
    return this.jobs.map((job) => job.report());
  }

  /** Which jobs hang, one readable line each. */
  notes(): string[] {
    return this.jobs.map((job) => job.note()).filter(Boolean);
  }

  private of(scope: JobScope): Job[] {
    return this.jobs.filter((job) => job.scope === scope);
  }

  private timerOf({ name, when }: BackgroundJob): JobTimer | undefined {
    switch (when?.kind) {
      case undefined:
        return undefined;
      case 'instants':
        return new InstantTimer(name, when, this.registry, this.clock, this.metrics);
      case 'steady':
        return new SteadyTimer(name, when.everyMs, this.registry, this.clock);
      case 'once':
        return new OnceTimer();
    }
  }
}
