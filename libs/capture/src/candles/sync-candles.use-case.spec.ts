import { Test, type TestingModule } from '@nestjs/testing';
import {
  CANDLE_PAGE_LIMIT,
  DAY,
  ExchangeError,
  HOUR,
  MILLISECOND,
  MINUTE,
  parseCandle,
  SECOND,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { CaptureStatus } from '../status/capture-status';
import { SyncCandlesUseCase } from './sync-candles.use-case';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const NO_PAUSES: Pick<Pauses, 'wait' | 'atMost'> = { wait: () => Promise.resolve(), atMost: (_, work) => work };

describe('SyncCandlesUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;
  const signal = new AbortController().signal;

  async function create(variables: Record<string, string> = {}): Promise<void> {
    ports = FakePorts.at(NOON + 5 * SECOND, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '2', ...variables });
    await start();
  }

  /** A new process over the same store. */
  async function start(): Promise<void> {
    ports.metrics.clear();
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  }

  const sync = (): Promise<void> => module.get(SyncCandlesUseCase).execute(signal);

  function published(symbol = 'BTCUSDT'): MinuteCandle[] {
    return ports.publisher.events.filter((event) => event.symbol === symbol).map(({ value }) => parseCandle(value));
  }

  function minutes(symbol?: string): number[] {
    return published(symbol).map(({ openTime }) => (openTime - NOON) / MINUTE);
  }

  function candleCalls(): EpochMicros[][] {
    return ports.exchange.calls.flatMap(({ range }) =>
      range ? [[(range.start - NOON) / MINUTE, (range.end - NOON) / MINUTE]] : [],
    );
  }

  beforeEach(() => create());

  it('starts with the last five closed minutes and starts the ledger', async () => {
    await sync();
    expect(minutes()).toEqual([-5, -4, -3, -2, -1]);
    expect(ports.cursor.positions.get('BTCUSDT')).toBe(NOON - MINUTE);
    expect(ports.history.frames.get('BTCUSDT')).toEqual({
      symbol: 'BTCUSDT',
      trackedSince: NOON + 5 * SECOND,
      ledgerStart: NOON - 12 * HOUR - 2 * DAY,
    });
  });

  it('publishes each minute once it is closed and reads the last five again', async () => {
    await sync();
    ports.clock.advance(MINUTE);
    await sync();
    expect(candleCalls().at(-1)).toEqual([-4, 1]);
    expect(minutes()).toEqual([-5, -4, -3, -2, -1, 0]);
    ports.clock.advance(30 * SECOND);
    await sync();
    expect(minutes()).toHaveLength(6);
  });

  it('publishes a minute again when its numbers changed, not when only its text did', async () => {
    await sync();
    ports.exchange.changes.set(`BTCUSDT ${NOON - 3 * MINUTE}`, { close: '999.75' });
    ports.exchange.changes.set(`BTCUSDT ${NOON - 2 * MINUTE}`, { volume: '2.0000' });
    ports.clock.advance(MINUTE);
    await sync();
    expect(minutes().slice(5)).toEqual([-3, 0]);
    expect(published()[5]?.close).toBe('999.75');
  });

  it('catches up page by page after downtime, oldest first, without a hole', async () => {
    await sync();
    ports.publisher.batches.length = 0;
    ports.exchange.calls.length = 0;
    ports.clock.advance(20 * HOUR);
    await start();
    await sync();
    expect(candleCalls()).toEqual([
      [0, CANDLE_PAGE_LIMIT],
      [CANDLE_PAGE_LIMIT, 1_200],
    ]);
    expect(minutes()).toEqual(Array.from({ length: 1_200 }, (_, index) => index));
  });

  it('goes back a day at most', async () => {
    await sync();
    ports.exchange.calls.length = 0;
    ports.clock.advance(3 * DAY);
    await sync();
    expect(candleCalls()[0]?.[0]).toBe(2 * 1_440);
  });

  it('leaves to the backfill what was before the symbol was tracked', async () => {
    await sync();
    ports.cursor.positions.set('BTCUSDT', NOON - 10 * HOUR);
    ports.exchange.calls.length = 0;
    ports.clock.advance(HOUR);
    await start();
    await sync();
    expect(candleCalls()[0]?.[0]).toBe(0);
  });

  it('does not go before the ledger when there is no backfill', async () => {
    await create({ BACKFILL_DAYS: '0' });
    await sync();
    ports.clock.advance(2 * MINUTE);
    await sync();
    expect(minutes()).toEqual([0, 1]);
  });

  it.each([
    ['within five seconds', -4 * SECOND],
    ['and more than that', -10 * SECOND],
  ])('takes the exchange at its word when its clock is behind, %s', async (_, skew) => {
    ports.exchange.skew = skew;
    ports.clock.set(NOON - skew - SECOND);
    await sync();
    expect(minutes().at(-1)).toBe(-2);
    expect(module.get(CaptureStatus).snapshot().candles.clock_skew_ms).toBe(skew / MILLISECOND);
    ports.clock.advance(2 * SECOND);
    await sync();
    expect(minutes().at(-1)).toBe(-1);
  });

  it('does not believe a clock that is ahead by five seconds, and goes by it when it is further ahead', async () => {
    ports.exchange.skew = 5 * SECOND;
    ports.clock.set(NOON + MINUTE - 3 * SECOND);
    await sync();
    expect(minutes().at(-1)).toBe(-1);
    await create();
    ports.exchange.skew = 2 * MINUTE;
    await sync();
    expect(minutes().at(-1)).toBe(1);
    expect(published().at(-1)?.capturedAt).toBe(NOON + 2 * MINUTE + 5 * SECOND);
  });

  it('does without the time of the exchange where it does not tell it', async () => {
    ports.exchange.fault = ({ method }) =>
      method === 'serverTime' ? new ExchangeError('not_found', 'no such route') : undefined;
    await sync();
    expect(minutes().at(-1)).toBe(-1);
  });

  it('publishes by the right time after the local clock was set by an hour or a day, whichever way', async () => {
    await sync();
    for (const step of [HOUR, -DAY, DAY, -HOUR, -26 * HOUR]) {
      ports.clock.step(step);
      ports.exchange.skew -= step;
      ports.clock.advance(MINUTE);
      await sync();
    }
    expect(minutes()).toEqual([-5, -4, -3, -2, -1, 0, 1, 2, 3, 4]);
    expect(published().map(({ capturedAt, openTime }) => capturedAt - openTime - MINUTE)).toEqual(
      [245, 185, 125, 65, 5, 5, 5, 5, 5, 5].map((seconds) => seconds * SECOND),
    );
  });

  it('invents nothing where the exchange has no row and does not ask for it for ever', async () => {
    ports.exchange.has = (_, openTime) => openTime < NOON + 2 * MINUTE;
    await sync();
    ports.clock.advance(30 * MINUTE);
    await sync();
    ports.clock.advance(MINUTE);
    await sync();
    expect(minutes()).toEqual([-5, -4, -3, -2, -1, 0, 1]);
    expect(candleCalls().at(-1)).toEqual([26, 31]);
  });

  it('names candles unavailable on an exchange without them, and asks with growing pauses', async () => {
    ports.exchange.fault = () => new ExchangeError('not_found', 'no such route');
    const asked: number[] = [];
    for (let minute = 0; minute < 40; minute += 1) {
      ports.exchange.calls.length = 0;
      await sync();
      if (candleCalls().length > 0) asked.push(minute);
      ports.clock.advance(MINUTE);
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 25, 35]);
    expect(module.get(CaptureStatus).snapshot().candles.state).toBe('unavailable');
    expect(ports.logged).toEqual([expect.stringContaining('candles: unavailable')]);
    ports.exchange.fault = () => undefined;
    ports.clock.advance(10 * MINUTE);
    await sync();
    expect(module.get(CaptureStatus).snapshot().candles.state).toBe('ok');
  });

  it('keeps one symbol from disturbing the others', async () => {
    await create({ SYMBOLS: 'BTCUSDT,NOPE,ETHUSDT,BADUSDT' });
    ports.exchange.statuses.delete('NOPE');
    ports.exchange.fault = ({ symbol }) => (symbol === 'BADUSDT' ? new Error('broken row') : undefined);
    await sync();
    ports.clock.advance(30 * SECOND);
    await sync();
    expect([minutes('BTCUSDT').length, minutes('ETHUSDT').length]).toEqual([5, 5]);
    expect(ports.exchange.calls.filter(({ symbol }) => symbol === 'NOPE')).toHaveLength(1);
    expect(module.get(CaptureStatus).snapshot().candles).toMatchObject({ state: 'failing', detail: 'broken row' });
    expect(ports.logged.filter((line) => line.includes('broken row'))).toHaveLength(1);
  });

  it('says what it cannot take of the answers, and is degraded while minutes are behind', async () => {
    await create({ SYMBOLS: 'BTCUSDT,ETHUSDT' });
    const unreadable = new ExchangeError('malformed', 'host: klines row 4, column 1 is not a decimal');
    ports.exchange.fault = ({ symbol }) => (symbol === 'BTCUSDT' ? unreadable : undefined);
    await sync();
    ports.clock.advance(MINUTE);
    await sync();
    expect(minutes('BTCUSDT')).toEqual([]);
    expect(minutes('ETHUSDT').length).toBeGreaterThan(0);
    expect(module.get(CaptureStatus).snapshot()).toMatchObject({
      state: 'degraded',
      problem: expect.stringContaining('minutes are behind: host: klines row 4, column 1 is not a decimal') as string,
    });
    expect(ports.logged.filter((line) => line.includes('klines row 4'))).toHaveLength(1);
    expect(ports.logged.join()).not.toContain('cannot be reached');
    ports.clock.advance(HOUR);
    await sync();
    expect(ports.logged.filter((line) => line.includes('klines row 4'))).toHaveLength(2);

    ports.exchange.fault = () => undefined;
    await sync();
    expect(module.get(CaptureStatus).snapshot().problem).not.toContain('behind');
  });

  it('gives up a pass early when the exchange is away', async () => {
    await create({ SYMBOLS: Array.from({ length: 30 }, (_, index) => `S${index}USDT`).join(',') });
    ports.exchange.fault = () => new ExchangeError('unreachable', 'timed out');
    await sync();
    expect(candleCalls().length).toBeLessThan(10);
    ports.exchange.fault = () => undefined;
    ports.clock.advance(MINUTE);
    await sync();
    expect(ports.cursor.positions.size).toBe(30);
  });

  it('goes on publishing while the store cannot start a ledger', async () => {
    ports.history.fault = new Error('disk full');
    await sync();
    expect(minutes()).toHaveLength(5);
  });
});
