import { Test, type TestingModule } from '@nestjs/testing';
import { ExchangeError, OriginMismatchError } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { FirstMinutesUseCase } from './first-minutes.use-case';

const NOW = Date.UTC(2026, 0, 15, 12) * 1_000;
const LISTED = Date.UTC(2017, 7, 17, 4) * 1_000;

describe('FirstMinutesUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const run = (): Promise<void> => module.get(FirstMinutesUseCase).execute(new AbortController().signal);
  const asked = (): (string | undefined)[] => ports.exchange.calls.map(({ symbol }) => symbol);

  beforeEach(async () => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT,ETHUSDT' });
    ports.exchange.listedAt = LISTED;
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
  });

  it('should ask once for each symbol and keep the answer', async () => {
    await run();
    await run();
    expect(asked()).toEqual(['BTCUSDT', 'ETHUSDT']);
    expect([...ports.history.firstMinutes]).toEqual([
      ['BTCUSDT', LISTED],
      ['ETHUSDT', LISTED],
    ]);
  });

  it('should not ask for what is stored', async () => {
    ports.history.firstMinutes.set('BTCUSDT', LISTED);
    await run();
    expect(asked()).toEqual(['ETHUSDT']);
  });

  it('should ask again for a symbol in which nothing has traded yet', async () => {
    ports.exchange.listedAt = undefined;
    await run();
    ports.exchange.listedAt = LISTED;
    await run();
    expect(asked()).toEqual(['BTCUSDT', 'ETHUSDT', 'BTCUSDT', 'ETHUSDT']);
    expect(ports.history.firstMinutes.get('ETHUSDT')).toBe(LISTED);
  });

  it('should pass over a symbol that the exchange does not know, and stop while it does not answer', async () => {
    ports.exchange.statuses.delete('BTCUSDT');
    await run();
    expect([...ports.history.firstMinutes.keys()]).toEqual(['ETHUSDT']);

    ports.exchange.calls.length = 0;
    ports.history.firstMinutes.clear();
    ports.exchange.fault = () => new ExchangeError('unreachable', 'connection refused');
    await run();
    expect(asked()).toEqual(['BTCUSDT']);
  });

  it('should leave the exchange alone while the store refuses its origin', async () => {
    ports.history.fault = new OriginMismatchError('the database', 'binance', 'simulator:1');
    await run();
    await run();
    expect(asked()).toEqual(['BTCUSDT']);
  });
});
