import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { ExchangeError } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from './capture.module';
import type { CaptureSnapshot } from './status/capture-snapshot';
import { CaptureStatus } from './status/capture-status';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 7) * 1_000;

describe('CaptureModule', () => {
  let ports: FakePorts;

  beforeEach(() => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT,ETHUSDT', BACKFILL_DAYS: '0' });
  });

  async function running(capture: ('tickers' | 'candles')[]) {
    const options = { process: 'test', capture, imports: [ports.module()] };
    const module = await Test.createTestingModule({ imports: [CaptureModule.register(options)] }).compile();
    await module.init();
    return module;
  }

  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('polls at once, leaves its status in the store and shows its timers by name', async () => {
    const module = await running(['tickers', 'candles']);
    const registry = module.get(SchedulerRegistry);
    const status = module.get(CaptureStatus);
    await until(() => status.snapshot().tickers.state === 'ok' && registry.getTimeouts().length === 5);
    expect(registry.getTimeouts().sort()).toEqual([
      'candle-sync',
      'first-minutes',
      'ledger-keeper',
      'symbol-refresh',
      'ticker-poll',
    ]);
    expect(registry.getIntervals()).toEqual(['process-status']);
    await until(() => ports.processStatus.rows.length > 0);
    const [row] = ports.processStatus.rows;
    expect([row?.process, row?.updatedAt]).toEqual(['test', NOW]);
    expect(Object.keys(JSON.parse(row?.status ?? '{}') as CaptureSnapshot)).toEqual(Object.keys(status.snapshot()));
    expect(ports.history.symbols.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'ETHUSDT']);

    await module.close();
    expect([...registry.getTimeouts(), ...registry.getIntervals()]).toEqual([]);
  });

  it('captures tickers alone when told to', async () => {
    const module = await running(['tickers']);
    await until(() => ports.publisher.events.length === 2);
    await module.close();
    expect(ports.exchange.calls.filter(({ method }) => method === 'minuteCandles')).toEqual([]);
    expect(module.get(CaptureStatus).snapshot().candles.state).toBe('off');
  });

  it('starts and stops with an exchange and a store that are away', async () => {
    ports.exchange.fault = () => new ExchangeError('unreachable', 'connection refused');
    ports.history.fault = new Error('disk full');
    ports.processStatus.fault = new Error('disk full');
    const module = await running(['tickers', 'candles']);
    await until(() => module.get(CaptureStatus).snapshot().tickers.state === 'failing');
    await module.close();
    expect(ports.logged.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
  });

  it('lets the poll in hand finish when it stops', async () => {
    let answer: (value?: unknown) => void = () => undefined;
    ports.exchange.gate = new Promise((resolve) => {
      answer = resolve;
    });
    const module = await running(['tickers']);
    const closed = module.close();
    answer();
    await closed;
    expect(ports.publisher.events).toHaveLength(2);
  });
});
