import { Module, type DynamicModule } from '@nestjs/common';
import { LOGGER, type Logger } from './logger';
import { MetricsRegistry } from './metrics';

/** Makes logger and metrics registry of the process injectable everywhere. */
@Module({})
export class ObservabilityModule {
  static forRoot(logger: Logger, metrics: MetricsRegistry): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: MetricsRegistry, useValue: metrics },
      ],
      exports: [LOGGER, MetricsRegistry],
    };
  }
}
