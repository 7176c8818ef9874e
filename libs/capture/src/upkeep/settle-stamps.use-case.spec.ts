import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, HOUR, MINUTE, SECOND } from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { SettleStampsUseCase } from './settle-stamps.use-case';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('SettleStampsUseCase', () => {
  const { signal } = new AbortController();
  let ports: FakePorts;
  let module: TestingModule;

  const settle = (): Promise<unknown> => module.get(SettleStampsUseCase).execute(signal);
  const settled = (): number[] => ports.history.settledAt.map((time) => time - NOON);

  beforeEach(async () => {
    ports = FakePorts.at(NOON, { SYMBOLS: 'BTCUSDT' });
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  });

  it('looks at the start and every ten minutes', async () => {
    for (let minute = 0; minute <= 20; minute += 1) {
      await settle();
      ports.clock.advance(MINUTE);
    }
    expect(settled()).toEqual([0, 10 * MINUTE, 20 * MINUTE]);
  });

  it('looks by the time of the exchange', async () => {
    ports.exchange.skew = -26 * HOUR;
    await settle();
    expect(settled()).toEqual([-26 * HOUR]);
  });

  it('looks at once when the clock had been ahead without anybody knowing', async () => {
    ports.exchange.skew = -DAY;
    ports.exchange.fault = ({ method }) =>
      method === 'serverTime' ? new ExchangeError('not_found', 'no such route') : undefined;
    await settle();
    expect(settled()).toEqual([]);
    ports.exchange.fault = () => undefined;
    ports.clock.advance(16 * MINUTE);
    await settle();
    expect(settled()).toEqual([16 * MINUTE - DAY]);
  });

  it('says what it found, and nothing when there is nothing', async () => {
    await settle();
    expect(ports.logged).toEqual([]);
    ports.history.spans = [{ start: NOON + DAY, end: NOON + DAY + 3 * SECOND, until: NOON }];
    ports.clock.advance(10 * MINUTE);
    await settle();
    expect(ports.logged).toEqual([
      expect.stringContaining(
        '2026-01-16T12:00:00.000Z to 2026-01-16T12:00:03.000Z: minutes among it count as captured',
      ),
    ]);
  });
});
