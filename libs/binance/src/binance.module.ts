import { dirname } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, Exchange, KlineArchive, KlineFiles, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { ScratchFolders } from '@app/files';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import type { Route } from './binance-metrics';
import type { BinanceOptions } from './binance-options';
import { DiskKlineFiles } from './archive/disk-kline-files';
import { createBinanceArchive } from './create-binance-archive';
import { createBinanceExchange } from './create-binance-exchange';
import { ProxyGate } from './transport/proxy-gate';

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
          provide: ProxyGate,
          inject: [APP_CONFIG],
          useFactory: ({ exchange }: AppConfig) => new ProxyGate(exchange.proxies),
        },
        {
          provide: Exchange,
          inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry, ProxyGate],
          useFactory: (
            { exchange: { restUrls }, ingest }: AppConfig,
            clock: Clock,
            logger: Logger,
            metrics: MetricsRegistry,
            proxies: ProxyGate,
          ) => {
            const pollInterval = Math.min(ingest.pollIntervalSeconds * SECOND, MINUTE);
            const intervalOf = (route: Route): EpochMicros => (route === 'ticker_24hr' ? pollInterval : MINUTE);
            return createBinanceExchange({ restUrls, clock, logger, metrics, proxies }, { intervalOf, ...overrides });
          },
        },
        {
          provide: KlineArchive,
          inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry, ProxyGate],
          useFactory: (
            { exchange: { archiveUrl }, storage: { databasePath } }: AppConfig,
            clock: Clock,
            logger: Logger,
            metrics: MetricsRegistry,
            proxies: ProxyGate,
          ) => {
            const scratch = new ScratchFolders(dirname(databasePath), (message) => {
              logger.warn(message);
            });
            return createBinanceArchive({ archiveUrl, clock, metrics, proxies, scratch });
          },
        },
        { provide: KlineFiles, useClass: DiskKlineFiles },
      ],
      exports: [Exchange, KlineArchive, KlineFiles],
    };
  }
}
