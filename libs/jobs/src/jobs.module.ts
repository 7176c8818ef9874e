import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { JobMetrics } from './job-metrics';
import { JobRunner } from './job-runner';

/** The one runner of a process. Clock, logger and metrics are there for all modules. */
@Module({ imports: [ScheduleModule.forRoot()], providers: [JobMetrics, JobRunner], exports: [JobRunner] })
export class JobsModule {}
