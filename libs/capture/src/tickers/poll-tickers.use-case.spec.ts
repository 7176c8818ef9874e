import { Test, type TestingModule } from '@nestjs/testing';
import { ExchangeError, MINUTE, OriginMismatchError, parsePriceEvent, SECOND, TICKER_SOURCE } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { CaptureStatus } from '../status/capture-status';
import { PollTickersUseCase } from './poll-tickers.use-case';

const NOW = Date.UTC(2026, 0, 15, 12) * 1_000 + 123_456;

describe('PollTickersUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const poll = (): Promise<void> => module.get(PollTickersUseCase).execute();
  const status = (): CaptureStatus => module.get<CaptureStatus>(CaptureStatus);

  const polls = (): number => ports.exchange.calls.filter(({ method }) => method === 'tickers').length;

  async function outcomes(): Promise<Record<string, number>> {
    const { values } = await ports.metrics.getSingleMetric('csp_polls_total')!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels['outcome']), value]));
  }

  beforeEach(async () => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT,币安人生USDT,ETHUSDT' });
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
  });

  it('publishes all symbols in configured order under one timestamp, as the exchange wrote them', async () => {
    await poll();
    expect(ports.exchange.calls).toEqual([{ method: 'serverTime' }, { method: 'tickers' }]);
    expect(ports.publisher.batches).toHaveLength(1);
    expect(ports.publisher.batches[0]?.origin).toBe('simulator:test');
    expect(ports.publisher.events.map(({ value }) => parsePriceEvent(value))).toEqual(
      ['BTCUSDT', '币安人生USDT', 'ETHUSDT'].map((symbol) => ({
        timestamp: NOW,
        symbol,
        lastPrice: '10.50',
        priceChangePercent: '-1.250',
        volume: '7.00',
        source: TICKER_SOURCE,
      })),
    );
    expect(ports.publisher.events[0]?.value).toContain('"timestamp_utc":"2026-01-15T12:00:00.123456+00:00"');
    expect(await outcomes()).toEqual({ ok: 1 });
    expect(status().problem()).toBe('');
  });

  it('goes on without symbols that the exchange does not know and says so once', async () => {
    ports.exchange.statuses.delete('ETHUSDT');
    await poll();
    await poll();
    expect(ports.publisher.events.map(({ symbol }) => symbol)).toEqual([
      'BTCUSDT',
      '币安人生USDT',
      'BTCUSDT',
      '币安人生USDT',
    ]);
    expect(ports.logged).toEqual([expect.stringContaining('not known to the exchange')]);
    expect(status().snapshot().unknown_symbols).toEqual(['ETHUSDT']);
  });

  it('says once that the exchange is away and goes on when it is back', async () => {
    ports.exchange.fault = () => new ExchangeError('unreachable', 'connection refused');
    await poll();
    await poll();
    expect(ports.logged).toEqual([expect.stringMatching(/cannot be reached.*connection refused.*make demo/)]);
    expect(status().snapshot()).toMatchObject({ state: 'degraded', tickers: { state: 'failing' } });
    ports.exchange.fault = () => undefined;
    await poll();
    expect(await outcomes()).toEqual({ ok: 1, unreachable: 2 });
    expect(status().snapshot()).toMatchObject({ state: 'ok', problem: '', tickers: { state: 'ok' } });
  });

  it('stands aside while the store refuses this origin, and tries again slowly', async () => {
    ports.publisher.fault = new OriginMismatchError('the store', 'binance', 'simulator:test');
    await poll();
    await poll();
    expect(polls()).toBe(1);
    expect(ports.logged).toHaveLength(1);
    expect(status().snapshot()).toMatchObject({
      state: 'degraded',
      refused: expect.stringContaining('origin "binance"') as string,
      tickers: { state: 'refused' },
    });
    ports.clock.advance(MINUTE);
    await poll();
    expect(polls()).toBe(2);
    ports.publisher.fault = undefined;
    ports.clock.advance(2 * MINUTE);
    await poll();
    expect(status().snapshot()).toMatchObject({ state: 'ok', refused: null });
  });

  it('is not ready while the last poll is too old or events wait', async () => {
    expect(status().problem()).toContain('first poll');
    await poll();
    ports.clock.advance(179 * SECOND);
    expect(status().problem()).toBe('');
    ports.clock.advance(2 * SECOND);
    expect(status().problem()).toContain('the last poll was 181 s ago');
    ports.publisher.current = { waitingEvents: 7, waitingBytes: 900, detail: 'database is locked', lost: [] };
    expect(status().problem()).toBe('7 events wait in the spool: database is locked');
  });
});
