import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { MetricsRegistry } from '@app/observability';
import { DiskSpaceNotes, type WrittenPlace } from './health/disk-space.notes';
import { AdmissionShutdown } from './admission/admission-shutdown';
import { HealthController } from './health/health.controller';
import { HealthReport } from './health/health-report';
import { ProbesController } from './health/probes.controller';
import { ProcessHealth } from './health/process-health';
import type { HttpOptions } from './http-options';
import { RequestBudget } from './throttling/request-budget';
import { ClientThrottlerGuard } from './throttling/client-throttler.guard';
import { throttlingModule } from './throttling/throttling.module';

export interface HttpModuleOptions {
  readonly http: HttpOptions;
  /** Where the process keeps its data. */
  readonly places?: readonly WrittenPlace[];
  /** Who answers `/health`. */
  readonly healthReport: Type<HealthReport>;
  /** Modules that export what the report needs. */
  readonly imports?: DynamicModule['imports'];
}

/** What every process serves about itself, and the request budget in front of all its routes. */
@Module({})
export class HttpModule {
  static forRoot({ http, places = [], healthReport, imports = [] }: HttpModuleOptions): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports: [throttlingModule(http), ...imports],
      controllers: [ProbesController, HealthController],
      providers: [
        AdmissionShutdown,
        {
          provide: ProcessHealth,
          inject: [MetricsRegistry],
          useFactory: (metrics: MetricsRegistry): ProcessHealth => {
            const health = new ProcessHealth();
            const disks = new DiskSpaceNotes(places, metrics);
            health.addNotes(() => disks.notes());
            return health;
          },
        },
        { provide: HealthReport, useClass: healthReport },
        {
          provide: RequestBudget,
          useFactory: (storage: ThrottlerStorage) => new RequestBudget(storage, http),
          inject: [ThrottlerStorage],
        },
        { provide: APP_GUARD, useClass: ClientThrottlerGuard },
      ],
      exports: [ProcessHealth],
    };
  }
}
