import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ExchangeFront } from './binance-api/exchange-front';
import { MarketClock } from './clock/market-clock';
import { FaultRegistry } from './faults/fault-registry';
import { DAY } from './market/interval';
import type { Market } from './market/market';
import { RecordedMarket } from './market/recorded/recorded-market';
import { readRecording } from './market/recorded/recording-reader';
import { Listings } from './market/simulated/listings';
import { SimulatedMarket } from './market/simulated/simulated-market';
import type { SimulatorOptions } from './options';
import { SimulatorModule } from './simulator.module';

export interface Simulator {
  readonly app: NestFastifyApplication;
  readonly market: Market;
  /** Files of the recordings' folder that hold nothing to play. */
  readonly passedOver: readonly string[];
}

/**
 * Builds the exchange of a command line, ready to listen. Throws a RecordingError when the recordings cannot be played.
 * `realNow` (epoch milliseconds) drives the market clock.
 */
export async function createSimulator(options: SimulatorOptions, realNow?: () => number): Promise<Simulator> {
  const clock = new MarketClock(options.clockOrigin, options.clockFactor, realNow);
  const { market, passedOver } = openMarket(options);
  Logger.overrideLogger(['fatal', 'error', 'warn']);
  const app = await NestFactory.create<NestFastifyApplication>(
    SimulatorModule.register(options, market, clock),
    new FastifyAdapter({ forceCloseConnections: true }),
  );
  app.get(FaultRegistry).replace(options.faults);
  app.get(ExchangeFront).register(app.getHttpAdapter().getInstance());
  return { app, market, passedOver };
}

function openMarket(options: SimulatorOptions): { market: Market; passedOver: readonly string[] } {
  if (options.recordings === undefined) {
    return { market: new SimulatedMarket(options.seed, new Listings(options.symbols)), passedOver: [] };
  }
  const recording = readRecording(options.recordings);
  // The day of the clock's origin, so that a restart with the same origin plays the same days.
  const lastDay = options.clockOrigin.market - (options.place === 'past' ? DAY : 0);
  return { market: new RecordedMarket(recording, lastDay), passedOver: recording.passedOver };
}
