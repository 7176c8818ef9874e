import { Test, type TestingModule } from '@nestjs/testing';
import { ExchangeError, HOUR, MILLISECOND, MINUTE, OriginMismatchError } from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { PollTickersUseCase } from '../tickers/poll-tickers.use-case';
import { CaptureFaults } from './capture-faults';
import { CaptureStatus } from './capture-status';
import { WatchExchangeUseCase } from './watch-exchange.use-case';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const SILENT_MS = 5_000;

describe('WatchExchangeUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const { signal } = new AbortController();
  const watch = (by = signal) => module.get(WatchExchangeUseCase).execute(by);
  const poll = () => module.get(PollTickersUseCase).execute();
  const snapshot = () => module.get(CaptureStatus).snapshot();
  const calls = (method: string) => ports.exchange.calls.filter((call) => call.method === method).length;
  const isAway = (isSo: boolean) => {
    ports.exchange.fault = () => (isSo ? new ExchangeError('unreachable', 'connection refused') : undefined);
  };

  beforeEach(async () => {
    ports = FakePorts.at(NOON, { SYMBOLS: 'BTCUSDT' });
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
    await poll();
    ports.exchange.silentMs = SILENT_MS;
  });

  it('asks nothing of an exchange that answers', async () => {
    ports.exchange.silentMs = SILENT_MS - 1;
    await expect(watch()).resolves.toBe('idle');
    expect(calls('ping')).toBe(0);
  });

  it('says of an exchange that has fallen silent that it is away, once, and that it is back before any poll', async () => {
    isAway(true);
    await expect(watch()).resolves.toBe('failed');
    await expect(watch()).resolves.toBe('failed');
    expect(snapshot()).toMatchObject({ state: 'degraded', problem: expect.stringContaining('unreachable') as string });
    expect(module.get(CaptureStatus).exchangeFault()).toContain('the exchange is unreachable (connection refused)');
    expect(ports.logged.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);

    isAway(false);
    await expect(watch()).resolves.toBe('ok');
    expect(snapshot()).toMatchObject({ state: 'ok', problem: '' });
    isAway(true);
    await watch();
    expect(ports.logged.filter((line) => line.includes('cannot be reached'))).toHaveLength(2);
  });

  it('says once that the exchange is away while polls go unanswered and pings get through', async () => {
    ports.exchange.fault = ({ method }) =>
      method === 'ping' ? undefined : new ExchangeError('unreachable', 'no answer within 10 s');
    ports.exchange.current = { state: 'unreachable' };
    const warnings = () => ports.logged.filter((line) => line.includes('cannot be reached')).length;
    for (let round = 0; round < 3; round += 1) {
      await poll();
      await expect(watch()).resolves.toBe('ok');
    }
    expect(warnings()).toBe(1);

    ports.exchange.fault = () => undefined;
    ports.exchange.current = {};
    await watch();
    isAway(true);
    await poll();
    expect(warnings()).toBe(2);
  });

  it('leaves standing what a poll was refused', async () => {
    isAway(true);
    await poll();
    isAway(false);
    await watch();
    expect(module.get(CaptureStatus).exchangeFault()).toBe('');
    expect(snapshot()).toMatchObject({
      state: 'degraded',
      problem: expect.stringMatching(/^tickers: no answer \(connection refused\)/) as string,
      tickers: { state: 'failing' },
    });
    await poll();
    expect(snapshot()).toMatchObject({ state: 'ok', problem: '' });
  });

  it('says nothing when it is ended while the exchange is asked', async () => {
    ports.exchange.gate = new Promise(() => undefined);
    const stop = new AbortController();
    const asked = watch(stop.signal);
    stop.abort();
    await expect(asked).resolves.toBe('failed');
    expect(snapshot().problem).toBe('');
    expect(ports.logged).toEqual([]);
  });

  it('leaves the exchange alone while the store would refuse its answers', async () => {
    module.get(CaptureFaults).note(new OriginMismatchError('the store', 'binance', 'simulator:1'));
    await expect(watch()).resolves.toBe('idle');
    expect(calls('ping')).toBe(0);
  });

  it.each([HOUR, -HOUR])(
    'reads the time at once, without a poll, when the local clock was set by %d µs',
    async (step) => {
      ports.exchange.silentMs = 0;
      ports.clock.advance(MINUTE);
      await watch();
      expect(calls('serverTime')).toBe(1);
      ports.clock.step(step);
      ports.exchange.skew = -step;
      await watch();
      await watch();
      expect(calls('serverTime')).toBe(2);
      expect(snapshot().clock).toMatchObject({ state: 'corrected', offset_ms: -step / MILLISECOND });
      expect(ports.logged.filter((line) => line.includes('the local clock is'))).toHaveLength(1);
    },
  );

  it('takes a machine that slept for one whose clock is right', async () => {
    ports.exchange.silentMs = 0;
    ports.clock.step(HOUR);
    expect(snapshot().clock.state).toBe('corrected');
    await watch();
    expect(snapshot()).toMatchObject({ state: 'ok', clock: { state: 'ok', offset_ms: 0 } });
  });
});
