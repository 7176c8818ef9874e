import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MetricsRegistry } from '@app/observability';
import { DiskSpaceNotes, type WrittenPlace } from './health/disk-space.notes';
import { AdmissionShutdown } from './admission/admission-shutdown';
import { HealthController } from './health/health.controller';
import { HealthReport } from './health/health-report';
import { ProbesController } from './health/probes.controller';
import { ProcessHealth } from './health/process-health';
import type { HttpOptions } from './http-options';
import { KeyCheck } from './keys/key-check';
import { Callers } from './keys/callers';
import { KeysModule } from './keys/keys.module';
import { ClientThrottlerGuard } from './throttling/client-throttler.guard';
import { ThrottlingModule } from './throttling/throttling.module';

export interface HttpModuleOptions {
  readonly http: HttpOptions;
  /** Where the process keeps its data. */
  readonly places?: readonly WrittenPlace[];
  /** Who answers `/health`. */
  readonly healthReport: Type<HealthReport>;
  /** Whether clients may have keys, and be asked for one: of the public API alone. */
  readonly takesKeys?: boolean;
  /** Modules that export what the report needs. */
  readonly imports?: DynamicModule['imports'];
}

/** What every process serves about itself, and the request budget in front of all its routes. */
@Module({})
export class HttpModule {
  static forRoot({
    http,
    places = [],
    healthReport,
    takesKeys = false,
    imports = [],
  }: HttpModuleOptions): DynamicModule {
    const keys = KeysModule.forRoot(http, takesKeys);
    // Only the public API has replicas whose clients are the same.
    const counted = takesKeys ? http : { ...http, throttleRedisUrl: null };
    return {
      module: HttpModule,
      global: true,
      imports: [keys, ThrottlingModule.forRoot(counted, keys), ...imports],
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
          provide: KeyCheck,
          inject: [Callers],
          useFactory: (callers: Callers) => new KeyCheck(callers, takesKeys && http.requireApiKey),
        },
        { provide: APP_GUARD, useClass: ClientThrottlerGuard },
      ],
      exports: [ProcessHealth, keys, ThrottlingModule],
    };
  }
}
