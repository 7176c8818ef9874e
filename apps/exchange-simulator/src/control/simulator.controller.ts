import { Controller, Get } from '@nestjs/common';
import { MarketClock } from '../clock/market-clock';
import { Market } from '../market/market';
import { RequestStatistics } from './request-statistics';

/** What the exchange does not have: the simulator's clock, origin and counters. */
@Controller('_simulator')
export class SimulatorController {
  constructor(
    private readonly market: Market,
    private readonly marketClock: MarketClock,
    private readonly statistics: RequestStatistics,
  ) {}

  @Get('clock')
  clock(): Record<string, unknown> {
    const { origin, factor } = this.marketClock;
    return {
      origin: { market: new Date(origin.market).toISOString(), real: new Date(origin.real).toISOString() },
      factor,
      now: new Date(this.marketClock.now()).toISOString(),
    };
  }

  @Get('origin')
  origin(): { origin: string } {
    return { origin: this.market.origin };
  }

  @Get('stats')
  stats(): Record<string, unknown> {
    return this.statistics.snapshot();
  }
}
