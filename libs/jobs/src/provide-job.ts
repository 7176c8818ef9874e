import type { Provider, Type } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { StoreCondition } from '@app/domain';
import type { BackgroundJob, JobResult } from './background-job';
import { BACKGROUND_JOBS, type JobEntry, type JobName } from './background-jobs';
import type { Job } from './job';
import { JobRunner } from './job-runner';

/** What a job does when it is run. */
export interface JobUseCase {
  execute(signal: AbortSignal): Promise<JobResult>;
}

/** Where it is given, the job runs while the store is ready alone. */
type StoreState = Pick<StoreCondition, 'readiness'>;

/**
 * The entry of the table as a job of this process. It is off where what it needs is not captured, where the configuration
 * has it off, and without a use case.
 */
export function jobOf(
  name: JobName,
  config: AppConfig,
  useCase: JobUseCase | undefined,
  store?: StoreState,
): BackgroundJob {
  const { scope, needs, when, hangsAfterMs, endsAtOnce }: JobEntry = BACKGROUND_JOBS[name];
  const isCaptured = needs.every((need) => need === 'store' || config.ingest.capture.includes(need));
  return {
    name,
    scope,
    when: isCaptured && useCase ? when(config) : null,
    hangsAfterMs,
    endsAtOnce,
    ...(store && needs.includes('store') ? { mayRun: () => store.readiness().ready } : {}),
    run: (signal) => useCase?.execute(signal) ?? Promise.resolve('idle'),
  };
}

/** Gives the runner of the process the job of the table, which is what the use case does. */
export function provideJob(name: JobName, useCase: Type<JobUseCase>): Provider {
  return {
    provide: `job ${name}`,
    inject: [JobRunner, APP_CONFIG, { token: useCase, optional: true }, { token: StoreCondition, optional: true }],
    useFactory: (runner: JobRunner, config: AppConfig, work?: JobUseCase, store?: StoreCondition): Job =>
      runner.add(jobOf(name, config, work, store)),
  };
}
