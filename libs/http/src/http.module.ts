import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Clock, healthReason } from '@app/domain';
import { isOutOfHandles } from '@app/files';
import { JobRunner, JobsModule } from '@app/jobs';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DiskSpaceNotes, type WrittenPlace } from './health/disk-space.notes';
import { AdmissionShutdown } from './admission/admission-shutdown';
import { HealthController } from './health/health.controller';
import { HealthReport } from './health/health-report';
import { ProbesController } from './health/probes.controller';
import { ProcessHealth, type CheckResult } from './health/process-health';
import { StallWatch } from './health/stall-watch';
import type { HttpOptions } from './http-options';
import { KeyCheck } from './keys/key-check';
import { Callers } from './keys/callers';
import { KeysModule } from './keys/keys.module';
import { ReadyAnswers } from './ready/ready-answers';
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

/** Without a handle left, no file is opened and no connection is made or taken. */
function checkHandles(): CheckResult {
  const ok = !isOutOfHandles();
  const detail = ok
    ? ''
    : healthReason`no file handle is left; raise the limit of the process (LimitNOFILE of systemd, ulimit -n), or find who holds them`;
  return { ok, detail };
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
      imports: [JobsModule, keys, ThrottlingModule.forRoot(counted, keys), ...imports],
      controllers: [ProbesController, HealthController],
      providers: [
        AdmissionShutdown,
        ReadyAnswers,
        {
          provide: StallWatch,
          inject: [Clock, LOGGER, MetricsRegistry],
          useFactory: (clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
            new StallWatch(clock, logger, metrics),
        },
        {
          provide: ProcessHealth,
          inject: [MetricsRegistry, StallWatch, JobRunner],
          useFactory: (metrics: MetricsRegistry, stalls: StallWatch, jobs: JobRunner): ProcessHealth => {
            const health = new ProcessHealth();
            const disks = new DiskSpaceNotes(places, metrics);
            const ofProcess = (): string[] => [...stalls.notes(), ...disks.notes(), ...jobs.notes()];
            health.addNotes(ofProcess);
            health.addNotes(() => [checkHandles().detail].filter(Boolean));
            health.addReadyCheck('file_handles', checkHandles);
            health.addReadyCheck('process', () => ({ ok: true, detail: ofProcess().join('; ') }));
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
      exports: [ProcessHealth, ReadyAnswers, keys, ThrottlingModule],
    };
  }
}
