import { Controller, Get, Header } from '@nestjs/common';
import { MarketClock } from '../clock/market-clock';
import { Market } from '../market/market';
import { SimulatorMetrics } from './simulator-metrics';

/** What every process of the platform serves about itself. */
@Controller()
export class HealthController {
  constructor(
    private readonly market: Market,
    private readonly clock: MarketClock,
    private readonly metrics: SimulatorMetrics,
  ) {}

  @Get('livez')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** The market is loaded before the process listens, so who can ask gets a yes. */
  @Get('readyz')
  ready(): { status: string } {
    return { status: 'ok' };
  }

  @Get('health')
  health(): Record<string, unknown> {
    const now = this.clock.now();
    return {
      status: 'ok',
      origin: this.market.origin,
      market_time: new Date(now).toISOString(),
      symbols: this.market.instruments(now).length,
    };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metricsText(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
