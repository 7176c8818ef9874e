export type { BackgroundJob, JobReport, JobResult, JobScope, JobTimes, JobWork } from './background-job';
export { BACKGROUND_JOBS, type JobName } from './background-jobs';
export type { Job } from './job';
export { JobMetrics } from './job-metrics';
export { JobRunner } from './job-runner';
export { JobsModule } from './jobs.module';
export { jobOf, provideJob, type JobUseCase } from './provide-job';
