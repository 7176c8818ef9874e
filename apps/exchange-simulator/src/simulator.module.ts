import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ArchiveController } from './archive/archive.controller';
import { KlineArchive } from './archive/kline-archive';
import { AggTradesController } from './binance-api/agg-trades.controller';
import { BinanceErrorFilter } from './binance-api/binance-error.filter';
import { ExchangeFront } from './binance-api/exchange-front';
import { MarketDataController } from './binance-api/market-data.controller';
import { RateLimiter } from './binance-api/rate-limiter';
import { TickerController } from './binance-api/ticker.controller';
import { MarketClock } from './clock/market-clock';
import { HealthController } from './control/health.controller';
import { RequestStatistics } from './control/request-statistics';
import { SimulatorController } from './control/simulator.controller';
import { SimulatorMetrics } from './control/simulator-metrics';
import { BrokenRows } from './faults/broken-rows';
import { FaultRegistry } from './faults/fault-registry';
import { FaultsController } from './faults/faults.controller';
import { FaultyMarket } from './faults/faulty-market';
import { Market } from './market/market';
import type { SimulatorOptions } from './options';
import { SIMULATOR_OPTIONS } from './simulator-options.token';

/** Wires one exchange: a market, a clock, the exchange's routes and the simulator's own. */
@Module({})
export class SimulatorModule {
  static register(options: SimulatorOptions, market: Market, clock: MarketClock): DynamicModule {
    return {
      module: SimulatorModule,
      controllers:
        options.only === 'ticker'
          ? [TickerController, HealthController]
          : [
              TickerController,
              MarketDataController,
              AggTradesController,
              ArchiveController,
              SimulatorController,
              FaultsController,
              HealthController,
            ],
      providers: [
        { provide: SIMULATOR_OPTIONS, useValue: options },
        FaultRegistry,
        BrokenRows,
        {
          provide: Market,
          useFactory: (faults: FaultRegistry) => new FaultyMarket(market, faults),
          inject: [FaultRegistry],
        },
        { provide: MarketClock, useValue: clock },
        {
          provide: RateLimiter,
          useValue: new RateLimiter({ weight: options.weightLimit, rawRequests: options.rawRequestLimit }),
        },
        { provide: APP_FILTER, useClass: BinanceErrorFilter },
        ExchangeFront,
        KlineArchive,
        RequestStatistics,
        SimulatorMetrics,
      ],
    };
  }
}
