import { Test, type TestingModule } from '@nestjs/testing';
import {
  ExchangeError,
  type ExchangeErrorOptions,
  type ExchangeFailure,
  MINUTE,
  OriginMismatchError,
  parsePriceEvent,
  SECOND,
  TICKER_SOURCE,
} from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { CaptureStatus } from '../status/capture-status';
import { PollTickersUseCase } from './poll-tickers.use-case';

const NOW = Date.UTC(2026, 0, 15, 12) * 1_000 + 123_456;

describe('PollTickersUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const poll = (): Promise<unknown> => module.get(PollTickersUseCase).execute();
  const status = (): CaptureStatus => module.get<CaptureStatus>(CaptureStatus);

  const polls = (): number => ports.exchange.calls.filter(({ method }) => method === 'tickers').length;
  const asked = (): (readonly string[])[] =>
    ports.exchange.calls.filter(({ method }) => method === 'tickers').map(({ symbols }) => symbols ?? []);

  /** Whatever is asked for tickers fails; the server time is told. */
  const failTickers = (failure: ExchangeFailure, message: string, options?: ExchangeErrorOptions): void => {
    ports.exchange.fault = ({ method }) =>
      method === 'tickers' ? new ExchangeError(failure, message, options) : undefined;
  };

  async function outcomes(): Promise<Record<string, number>> {
    const { values } = await ports.metrics.getSingleMetric('csp_polls_total')!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels['outcome']), value]));
  }

  async function create(variables: Record<string, string>): Promise<void> {
    ports = FakePorts.at(NOW, variables);
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  }

  beforeEach(() => create({ SYMBOLS: 'BTCUSDT,币安人生USDT,ETHUSDT' }));

  it('publishes all symbols in configured order under one timestamp, as the exchange wrote them', async () => {
    await poll();
    expect(asked()).toEqual([['BTCUSDT', '币安人生USDT', 'ETHUSDT']]);
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

  it('goes on without symbols that the exchange does not know, names them and says so once', async () => {
    ports.exchange.statuses.delete('ETHUSDT');
    await poll();
    await poll();
    expect(ports.publisher.events.map(({ symbol }) => symbol)).toEqual([
      'BTCUSDT',
      '币安人生USDT',
      'BTCUSDT',
      '币安人生USDT',
    ]);
    const problem =
      'tickers of ETHUSDT: refused (HTTP 400: -1121 Invalid symbol.); asked for again at 2026-01-15T12:01:00Z';
    expect(ports.logged).toEqual([problem]);
    expect(status().snapshot()).toMatchObject({
      state: 'degraded',
      problem,
      tickers: { state: 'ok' },
      unknown_symbols: ['ETHUSDT'],
      refusals: [
        {
          asked: 'tickers',
          symbols: ['ETHUSDT'],
          failure: 'unknown_symbol',
          since: '2026-01-15T12:00:00.123Z',
          retry_at: '2026-01-15T12:01:00.000Z',
        },
      ],
    });
    expect(status().problem()).toBe('');
  });

  it('asks for an unknown symbol apart from the others, with pauses that double to ten minutes', async () => {
    ports.exchange.statuses.delete('ETHUSDT');
    const minutes: number[] = [];
    for (let minute = 0; minute < 40; minute += 1) {
      ports.exchange.calls.length = 0;
      await poll();
      if (asked().some((symbols) => symbols.includes('ETHUSDT'))) minutes.push(minute);
      expect(asked()[0]).toContain('BTCUSDT');
      if (minute > 0) expect(asked()[0]).not.toContain('ETHUSDT');
      ports.clock.advance(MINUTE);
    }
    expect(minutes).toEqual([0, 1, 3, 7, 15, 25, 35]);
    ports.exchange.statuses.set('ETHUSDT', 'TRADING');
    ports.clock.advance(10 * MINUTE);
    await poll();
    expect(ports.publisher.events.at(-1)?.symbol).toBe('ETHUSDT');
    expect(status().snapshot()).toMatchObject({ state: 'ok', problem: '', unknown_symbols: [], refusals: [] });
  });

  it.each(['unknown_symbol', 'rejected', 'not_found', 'failing', 'malformed'] as const)(
    'says at once that every symbol is refused (%s), and polls again one interval after that has ended',
    async (failure) => {
      failTickers(failure, 'no');
      await poll();
      expect(status().snapshot()).toMatchObject({
        state: 'degraded',
        problem: 'tickers of BTCUSDT, 币安人生USDT, ETHUSDT: refused (no); asked for again at 2026-01-15T12:01:00Z',
        tickers: { state: 'failing', last_poll_at: null },
      });
      ports.exchange.fault = () => undefined;
      ports.clock.advance(MINUTE);
      await poll();
      expect(ports.publisher.events).toHaveLength(3);
      expect(status().snapshot()).toMatchObject({ state: 'ok', problem: '', tickers: { state: 'ok' } });
      expect(await outcomes()).toEqual({ ok: 1, [failure]: 1 });
    },
  );

  it('polls every second again after -1121 for seven seconds', async () => {
    await create({ SYMBOLS: 'BTCUSDT,ETHUSDT', POLL_INTERVAL_SECONDS: '1' });
    failTickers('unknown_symbol', 'HTTP 400: -1121 Invalid symbol.');
    const states = new Set<string>();
    for (let second = 0; second < 7; second += 1) {
      await poll();
      states.add(status().snapshot().state);
      ports.clock.advance(SECOND);
    }
    expect([...states]).toEqual(['degraded']);
    expect(asked()).toHaveLength(7);
    ports.exchange.fault = () => undefined;
    await poll();
    expect(ports.publisher.events).toHaveLength(2);
    expect(status().snapshot().state).toBe('ok');
  });

  it('waits for the time that the exchange names', async () => {
    failTickers('failing', 'busy', { retryAt: NOW + 5 * MINUTE });
    await poll();
    ports.exchange.calls.length = 0;
    ports.clock.advance(5 * MINUTE - SECOND);
    await poll();
    expect(asked()).toEqual([]);
    ports.clock.advance(SECOND);
    await poll();
    expect(asked()).toHaveLength(1);
  });

  it('names a row that was left out and asks for it with the next poll', async () => {
    ports.exchange.brokenTickers.set('ETHUSDT', 'the ticker of ETHUSDT: volume is absent');
    await poll();
    expect(status().snapshot()).toMatchObject({
      state: 'degraded',
      problem:
        'tickers of ETHUSDT: left out (the ticker of ETHUSDT: volume is absent); asked for again at 2026-01-15T12:01:00Z',
    });
    ports.exchange.brokenTickers.clear();
    ports.clock.advance(MINUTE);
    await poll();
    expect(asked().at(-1)).toEqual(['BTCUSDT', '币安人生USDT', 'ETHUSDT']);
    expect(status().snapshot()).toMatchObject({ state: 'ok', problem: '' });
  });

  it('asks every interval while the exchange cannot be reached, however long', async () => {
    failTickers('unreachable', 'connection refused');
    for (let minute = 0; minute < 30; minute += 1) {
      await poll();
      ports.clock.advance(MINUTE);
    }
    expect(asked()).toHaveLength(30);
  });

  it('counts refusals and shows how many symbols are refused', async () => {
    ports.exchange.statuses.delete('ETHUSDT');
    await poll();
    ports.clock.advance(MINUTE);
    await poll();
    expect(await ports.metrics.getSingleMetric('csp_refusals_total')!.get()).toMatchObject({
      values: [{ labels: { asked: 'tickers', failure: 'unknown_symbol' }, value: 2 }],
    });
    const refused = async (): Promise<unknown> => (await ports.metrics.getSingleMetric('csp_refused')!.get()).values;
    expect(await refused()).toEqual([{ labels: { asked: 'tickers' }, value: 1 }]);
    ports.exchange.statuses.set('ETHUSDT', 'TRADING');
    ports.clock.advance(10 * MINUTE);
    await poll();
    expect(await refused()).toEqual([{ labels: { asked: 'tickers' }, value: 0 }]);
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
    Object.assign(ports.publisher.current, { waitingEvents: 7, waitingBytes: 900, detail: 'database is locked' });
    expect(status().problem()).toBe('7 events wait in the spool: database is locked');
  });
});
