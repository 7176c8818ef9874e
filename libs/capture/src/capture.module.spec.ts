import { SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, floorTo, HOUR, MINUTE, parseCandle } from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
import { SyncCandlesUseCase } from './candles/sync-candles.use-case';
import { CaptureJobs } from './capture-jobs';
import { CaptureModule } from './capture.module';
import { LedgerKeeperUseCase } from './history/ledger-keeper.use-case';
import { Pauses } from './schedule/pauses';
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
    const module = await Test.createTestingModule({ imports: [CaptureModule.register(options)] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
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
    await until(() => status.snapshot().tickers.state === 'ok' && registry.getTimeouts().length === 7);
    expect(registry.getTimeouts().sort()).toEqual([
      'candle-sync',
      'first-minutes',
      'ledger-keeper',
      'settle-stamps',
      'store-upkeep',
      'symbol-refresh',
      'ticker-poll',
    ]);
    expect(registry.getIntervals().sort()).toEqual(['exchange-watch', 'process-status']);
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

describe('CaptureModule.live', () => {
  it('should capture without a store, from the current minute on at the first start', async () => {
    const ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '2' });
    const { signal } = new AbortController();
    const options = { process: 'test', capture: ['tickers', 'candles'] as const, imports: [ports.liveModule()] };
    const module = await Test.createTestingModule({ imports: [CaptureModule.live(options)] }).compile();
    const sync = module.get(SyncCandlesUseCase);
    await sync.execute(signal);
    expect(ports.publisher.events).toEqual([]);
    ports.clock.advance(2 * MINUTE);
    await sync.execute(signal);
    const minutes = ports.publisher.events.map(({ value }) => parseCandle(value).openTime);
    expect(minutes).toEqual([floorTo(NOW, MINUTE), floorTo(NOW, MINUTE) + MINUTE]);
    const snapshot = module.get(CaptureStatus).snapshot();
    expect(snapshot.backfill).toBeNull();
    expect(snapshot.publisher).not.toBeNull();
    expect(snapshot.candles.state).toBe('ok');
  });
});

describe('CaptureModule.history', () => {
  let ports: FakePorts;
  let module: TestingModule;

  beforeEach(async () => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '1' });
    const options = { process: 'test', capture: ['tickers', 'candles'] as const, imports: [ports.historyModule()] };
    module = await Test.createTestingModule({ imports: [CaptureModule.history(options)] }).compile();
    await module.init();
  });

  afterEach(() => module.close());

  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  const backfill = () => module.get(CaptureStatus).snapshot().backfill?.state;
  const timers = () => module.get(SchedulerRegistry).getTimeouts().sort();

  it('should do nothing before it is started', () => {
    expect(ports.exchange.calls).toEqual([]);
    expect(timers()).toEqual([]);
    expect(module.get(CaptureStatus).problem()).toBe('');
  });

  it('should say of itself that it is well while another process keeps the history', async () => {
    await until(() => ports.processStatus.rows.length > 0);
    const snapshot = JSON.parse(ports.processStatus.rows[0]?.status ?? '{}') as CaptureSnapshot;
    expect(snapshot).toMatchObject({ state: 'ok', problem: '', backfill: null });
    const jobs = snapshot.jobs.filter(({ state }) => state === 'stopped').map(({ name }) => name);
    expect(jobs.sort()).toEqual([
      'first-backfill',
      'first-minutes',
      'ledger-keeper',
      'settle-stamps',
      'store-upkeep',
      'symbol-refresh',
    ]);
  });

  it('should start ledgers, fill them and say how it does', async () => {
    await module.get(CaptureJobs).startHistory();
    await until(() => backfill() === 'done' && ports.processStatus.rows.length > 0 && timers().length === 5);
    expect(timers()).toEqual(['first-minutes', 'ledger-keeper', 'settle-stamps', 'store-upkeep', 'symbol-refresh']);
    expect(ports.history.frames.get('BTCUSDT')).toEqual({
      symbol: 'BTCUSDT',
      trackedSince: NOW,
      ledgerStart: floorTo(NOW, DAY) - DAY,
    });
    const range = { start: floorTo(NOW, DAY) - DAY, end: floorTo(NOW, MINUTE) };
    expect(await ports.history.missing('BTCUSDT', range)).toEqual([]);
    expect(module.get(CaptureStatus).snapshot()).toMatchObject({
      publisher: null,
      tickers: { state: 'off' },
      candles: { state: 'off' },
    });
  });

  it('should stop and start again, whatever the order of the calls', async () => {
    const jobs = module.get(CaptureJobs);
    void jobs.startHistory();
    void jobs.stopHistory();
    void jobs.startHistory();
    await jobs.startHistory();
    await until(() => backfill() === 'done' && timers().length === 5);
    await jobs.stopHistory();
    expect(timers()).toEqual([]);
    // Whether or not a process keeps the history, it says how it does.
    expect(module.get(SchedulerRegistry).getIntervals()).toEqual(['process-status']);
    await jobs.startHistory();
    await until(() => timers().length === 5);
  });

  it('should ask for absent minutes as far as live events have come, and for none while they are on their way', async () => {
    await module.get(CaptureJobs).startHistory();
    await until(() => backfill() === 'done');
    const { signal } = new AbortController();
    const keeper = module.get(LedgerKeeperUseCase);
    ports.clock.advance(HOUR);
    const missing = () =>
      ports.history.missing('BTCUSDT', { start: floorTo(NOW, MINUTE), end: floorTo(NOW, MINUTE) + HOUR });
    const before = await missing();
    await keeper.execute(signal);
    expect(await missing()).toEqual(before);
    ports.liveFlow.reached = floorTo(NOW, MINUTE) + HOUR / 2;
    ports.liveFlow.waiting = true;
    await keeper.execute(signal);
    expect(await missing()).toEqual(before);
    ports.liveFlow.waiting = false;
    await keeper.execute(signal);
    expect(await missing()).toEqual([{ start: floorTo(NOW, MINUTE) + HOUR / 2, end: floorTo(NOW, MINUTE) + HOUR }]);
  });
});
