import { Test } from '@nestjs/testing';
import { MINUTE, SECOND } from '@app/domain';
import { buildMinute, FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { SymbolDirectory } from './symbol-directory';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('SymbolDirectory', () => {
  let ports: FakePorts;
  let directory: SymbolDirectory;

  beforeEach(async () => {
    ports = FakePorts.at(NOON + 40 * SECOND, { SYMBOLS: 'BTCUSDT,ADAUSDT' });
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    const module = await Test.createTestingModule({ imports: [capture] }).compile();
    directory = module.get(SymbolDirectory);
    ports.exchange.statuses.set('ADAUSDT', 'BREAK');
    await directory.keepFresh();
  });

  const timesAsked = (): number => ports.exchange.calls.filter(({ method }) => method === 'symbols').length;

  /** Each minute, as the scheduler does. */
  async function pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 1) {
      ports.clock.advance(MINUTE);
      await directory.keepFresh();
    }
  }

  it('should ask once an hour, also while a symbol is halted', async () => {
    await pass(59);
    expect(timesAsked()).toBe(1);
    await pass(1);
    expect(timesAsked()).toBe(2);
  });

  it('should learn soon that a halted symbol trades again, by its first minute', async () => {
    await pass(10);
    ports.exchange.statuses.set('ADAUSDT', 'TRADING');
    ports.history.stored.set('ADAUSDT', buildMinute('ADAUSDT', NOON + 10 * MINUTE));
    await pass(1);
    expect(directory.statusOf('ADAUSDT')).toBe('TRADING');
    await pass(30);
    expect(timesAsked()).toBe(2);
  });

  it('should not ask without end about one whose status goes with new minutes', async () => {
    for (let minute = 0; minute < 20; minute += 1) {
      ports.history.stored.set('ADAUSDT', buildMinute('ADAUSDT', NOON + minute * MINUTE));
      await pass(1);
    }
    expect(timesAsked()).toBeLessThanOrEqual(1 + 20 / 5);
  });
});
