import { Test, type TestingModule } from '@nestjs/testing';
import { ExchangeError, MINUTE, OriginMismatchError } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { CaptureStatus } from '../status/capture-status';
import { FirstMinutesUseCase } from './first-minutes.use-case';

const NOW = Date.UTC(2026, 0, 15, 12) * 1_000;
const LISTED = Date.UTC(2017, 7, 17, 4) * 1_000;

describe('FirstMinutesUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const run = (): Promise<unknown> => module.get(FirstMinutesUseCase).execute(new AbortController().signal);
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
    ports.clock.advance(MINUTE);
    ports.exchange.fault = () => new ExchangeError('unreachable', 'connection refused');
    await run();
    expect(asked()).toEqual(['BTCUSDT']);
  });

  it('should ask for a symbol that is refused with pauses that double to ten minutes', async () => {
    ports.exchange.statuses.delete('BTCUSDT');
    const minutes: number[] = [];
    for (let minute = 0; minute < 40; minute += 1) {
      ports.exchange.calls.length = 0;
      await run();
      if (asked().includes('BTCUSDT')) minutes.push(minute);
      ports.clock.advance(MINUTE);
    }
    expect(minutes).toEqual([0, 1, 3, 7, 15, 25, 35]);
    expect(module.get(CaptureStatus).snapshot()).toMatchObject({
      state: 'degraded',
      problem: expect.stringContaining('first minutes of BTCUSDT: refused (BTCUSDT is not known)') as string,
    });
  });

  it('should begin with another symbol when the first could not be reached', async () => {
    ports.exchange.fault = ({ symbol }) =>
      symbol === 'BTCUSDT' ? new ExchangeError('unreachable', 'timed out') : undefined;
    await run();
    await run();
    expect([...ports.history.firstMinutes.keys()]).toEqual(['ETHUSDT']);
  });

  it('should leave the exchange alone while the store refuses its origin', async () => {
    ports.history.fault = new OriginMismatchError('the database', 'binance', 'simulator:1');
    await run();
    await run();
    expect(asked()).toEqual(['BTCUSDT']);
  });
});
