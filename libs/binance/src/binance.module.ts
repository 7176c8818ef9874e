import { Module, type DynamicModule } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, Exchange, KlineArchive, KlineFiles } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import type { BinanceOptions } from './binance-options';
import { DiskKlineFiles } from './archive/disk-kline-files';
import { createBinanceArchive } from './create-binance-archive';
import { createBinanceExchange } from './create-binance-exchange';

/**
 * Provides the {@link Exchange} port over Binance's REST API, and its file archive. Needs the global modules of configuration, clock and
 * observability; to be imported once in a process, since the weight budget is the process's.
 */
@Module({})
export class BinanceModule {
  static forRoot(overrides: Partial<BinanceOptions> = {}): DynamicModule {
    return {
      module: BinanceModule,
      providers: [
        {
          provide: Exchange,
          inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
          useFactory: (config: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
            createBinanceExchange({ restUrls: config.exchange.restUrls, clock, logger, metrics }, overrides),
        },
        {
          provide: KlineArchive,
          inject: [APP_CONFIG, Clock, MetricsRegistry],
          useFactory: (config: AppConfig, clock: Clock, metrics: MetricsRegistry) =>
            createBinanceArchive({ archiveUrl: config.exchange.archiveUrl, clock, metrics }),
        },
        { provide: KlineFiles, useClass: DiskKlineFiles },
      ],
      exports: [Exchange, KlineArchive, KlineFiles],
    };
  }
}
