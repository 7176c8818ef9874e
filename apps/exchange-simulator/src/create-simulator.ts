import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ExchangeFront } from './binance-api/exchange-front';
import { MarketClock } from './clock/market-clock';
import { Market } from './market/market';
import { SimulatedMarket } from './market/simulated/simulated-market';
import type { SimulatorOptions } from './options';
import { SimulatorModule } from './simulator.module';

/** Builds the exchange of a command line, ready to listen. */
export async function createSimulator(
  options: SimulatorOptions,
): Promise<{ app: NestFastifyApplication; market: Market }> {
  const clock = new MarketClock(options.clockOrigin, options.clockFactor);
  const market = new SimulatedMarket(options.seed);
  const app = await NestFactory.create<NestFastifyApplication>(
    SimulatorModule.register(options, market, clock),
    new FastifyAdapter({ forceCloseConnections: true, routerOptions: { maxParamLength: 1_024 } }),
    { logger: ['fatal', 'error', 'warn'] },
  );
  app.get(ExchangeFront).register(app.getHttpAdapter().getInstance());
  return { app, market };
}
