import { Test } from '@nestjs/testing';
import { ConfigModule, loadConfig } from '@app/config';
import { Clock, Exchange, KlineArchive, KlineFiles } from '@app/domain';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { FakeClock } from '@app/testing';
import { Global, Module } from '@nestjs/common';
import { BinanceModule } from './binance.module';

@Global()
@Module({ providers: [{ provide: Clock, useValue: new FakeClock(0) }], exports: [Clock] })
class TestClockModule {}

describe('BinanceModule', () => {
  it('should provide the exchange over the configured hosts, and its archive', async () => {
    const config = loadConfig({ BINANCE_REST_URLS: 'http://127.0.0.1:9,http://127.0.0.1:10' });
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
        TestClockModule,
        BinanceModule.forRoot(),
      ],
    }).compile();
    expect(module.get(Exchange).status()).toEqual({
      state: 'unknown',
      detail: '',
      host: '127.0.0.1:9',
      origin: null,
      lastAnswerAt: null,
      blockedUntil: null,
      usedWeight: 0,
      weightLimit: 6_000,
    });
    expect(module.get(KlineArchive).isEnabled).toBe(true);
    expect(module.get(KlineFiles)).toBeInstanceOf(KlineFiles);
    await module.close();
  });
});
