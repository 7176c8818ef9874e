import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, DELISTED, ExchangeError, floorTo, HOUR, MINUTE, parseCandle, parsePriceEvent, SECOND } from '@app/domain';
import { FakePorts } from '@app/testing';
import { SyncCandlesUseCase } from '../candles/sync-candles.use-case';
import { CaptureModule } from '../capture.module';
import { BackfillUseCase } from '../history/backfill.use-case';
import { CaptureStatus } from '../status/capture-status';
import { PollTickersUseCase } from '../tickers/poll-tickers.use-case';
import { CapturedSymbols } from './captured-symbols';
import { SymbolDirectory } from './symbol-directory';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000 + 40 * SECOND;

describe('symbols that patterns mean', () => {
  let ports: FakePorts;
  let module: TestingModule;

  async function create(symbols: string, backfillDays = '0', listed = ['BTCUSDT', 'ETHUSDT', 'ETHBTC']): Promise<void> {
    ports = FakePorts.at(NOON, { SYMBOLS: symbols, BACKFILL_DAYS: backfillDays });
    for (const symbol of listed) ports.exchange.statuses.set(symbol, 'TRADING');
    await restart();
  }

  async function restart(): Promise<void> {
    ports.metrics.clear();
    const imports = [ports.module()];
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers', 'candles'], imports });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
  }

  const { signal } = new AbortController();
  const captured = (): readonly string[] => module.get(CapturedSymbols).list;
  const look = (): Promise<void> => module.get(SymbolDirectory).keepFresh(signal);
  const poll = (): Promise<unknown> => module.get(PollTickersUseCase).execute(signal);
  const sync = (): Promise<unknown> => module.get(SyncCandlesUseCase).execute(signal);
  const health = () => module.get(CaptureStatus).snapshot();

  async function lookAfter(span: number): Promise<void> {
    ports.clock.advance(span);
    await look();
  }

  const polled = (): string[] =>
    ports.publisher.events.filter(({ kind }) => kind === 'price').map(({ value }) => parsePriceEvent(value).symbol);
  const minutesOf = (symbol: string): number[] =>
    ports.publisher.events
      .filter((event) => event.kind === 'candle' && event.symbol === symbol)
      .map(({ value }) => parseCandle(value).openTime);

  it('should be captured from the first poll and the first pass on, named ones first', async () => {
    await create('ETHBTC,*USDT,!XRPUSDT');
    ports.exchange.statuses.set('XRPUSDT', 'TRADING');
    ports.exchange.statuses.set('ADAUSDT', 'BREAK');
    await poll();
    await sync();
    ports.clock.advance(MINUTE);
    await sync();
    expect(polled()).toEqual(['ETHBTC', 'BTCUSDT', 'ETHUSDT']);
    expect(captured().filter((symbol) => minutesOf(symbol).length > 0)).toEqual(['ETHBTC', 'BTCUSDT', 'ETHUSDT']);
    expect(ports.exchange.calls.filter(({ method }) => method === 'allSymbols')).toHaveLength(1);
    expect(ports.history.symbols.map(({ symbol }) => symbol).sort()).toEqual(['BTCUSDT', 'ETHBTC', 'ETHUSDT']);
    expect(health()).toMatchObject({ state: 'ok', symbols: [{ symbol: 'ETHBTC' }, {}, {}] });
  });

  it('should not ask the exchange what it lists where there are only names', async () => {
    await create('ETHBTC,BTCUSDT');
    await poll();
    await look();
    expect(ports.exchange.calls.map(({ method }) => method)).not.toContain('allSymbols');
  });

  it('should take in what was listed since, from its first minute on', async () => {
    await create('*USDT');
    await look();
    await sync();
    const listedAt = floorTo(ports.clock.now(), MINUTE) + 23 * MINUTE;
    ports.exchange.statuses.set('NEWUSDT', 'TRADING');
    ports.exchange.listings.set('NEWUSDT', listedAt);
    ports.exchange.has = (symbol, openTime) => symbol !== 'NEWUSDT' || openTime >= listedAt;
    await lookAfter(HOUR);
    await poll();
    await sync();
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT', 'NEWUSDT']);
    expect(polled()).toContain('NEWUSDT');
    expect(minutesOf('NEWUSDT')).toEqual(Array.from({ length: 37 }, (_, minute) => listedAt + minute * MINUTE));
    expect(ports.history.frames.get('NEWUSDT')).toMatchObject({ ledgerStart: listedAt });
  });

  it('should fill what a newly listed symbol lacks, although the first backfill was done', async () => {
    await create('*USDT', '1');
    await look();
    await sync();
    const controller = new AbortController();
    const backfill = module.get(BackfillUseCase);
    const done = backfill.execute(controller.signal);
    while (health().backfill?.state !== 'done') await new Promise(setImmediate);
    ports.exchange.statuses.set('OLDUSDT', 'TRADING');
    await lookAfter(HOUR);
    await sync();
    while (!backfill.finished('OLDUSDT')) await new Promise(setImmediate);
    controller.abort();
    await done;
    const kept = [...ports.history.stored.keys()].filter((key) => key.startsWith('OLDUSDT'));
    expect(kept.length).toBeGreaterThan(1_440);
    expect(health().backfill).toMatchObject({ symbols_done: 3, symbols_total: 3 });
  });

  it('should stay while the exchange stops, and over a restart', async () => {
    await create('*USDT');
    await look();
    await sync();
    for (const symbol of captured()) ports.exchange.statuses.set(symbol, 'BREAK');
    await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT']);
    await restart();
    await poll();
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT']);
    await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT']);
  });

  it('should be captured from what is remembered while the exchange does not say what it lists', async () => {
    await create('*USDT');
    await look();
    await sync();
    await restart();
    ports.publisher.batches.length = 0;
    ports.exchange.fault = ({ method }) =>
      method === 'allSymbols' ? new ExchangeError('failing', 'HTTP 500') : undefined;
    await poll();
    expect(polled()).toEqual(['BTCUSDT', 'ETHUSDT']);
  });

  it('should leave after a day of not being listed, with all that was said of them, and be accounted for', async () => {
    await create('*USDT', '0', ['BTCUSDT', 'ETHUSDT', 'OLDUSDT']);
    await look();
    await sync();
    ports.exchange.statuses.delete('OLDUSDT');
    await lookAfter(HOUR);
    const absentSince = ports.clock.now();
    await poll();
    await sync();
    expect(health()).toMatchObject({ state: 'degraded', unknown_symbols: ['OLDUSDT'] });
    expect(ports.history.symbols.findLast(({ symbol }) => symbol === 'OLDUSDT')?.status).toBe(DELISTED);
    await lookAfter(DAY - HOUR);
    expect(captured()).toContain('OLDUSDT');
    await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT']);
    await poll();
    await sync();
    expect(health()).toMatchObject({ state: 'ok', problem: '', unknown_symbols: [] });
    const stopped = [...ports.history.stopped].filter((key) => key.startsWith('OLDUSDT'));
    expect(stopped).toHaveLength((DAY - 4 * MINUTE) / MINUTE);
    expect(stopped).not.toContain(`OLDUSDT ${floorTo(absentSince, MINUTE)}`);
    // It goes on so, hour by hour.
    await lookAfter(HOUR);
    expect([...ports.history.stopped].filter((key) => key.startsWith('OLDUSDT')).length).toBe(stopped.length + 60);
  });

  it('should not change by an answer that lists less than half, until one an hour later says the same', async () => {
    await create('*USDT', '0', ['BTCUSDT', 'ETHUSDT', 'OLDUSDT']);
    await look();
    for (const symbol of ['ETHUSDT', 'OLDUSDT']) ports.exchange.statuses.delete(symbol);
    ports.exchange.statuses.set('NEWUSDT', 'TRADING');
    await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT', 'OLDUSDT']);
    expect(health().notes.join()).toContain('exchangeInfo lists less than half of the 3 symbols that patterns found');
    expect(ports.history.symbols.map(({ status }) => status)).not.toContain(DELISTED);
    await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT', 'NEWUSDT', 'OLDUSDT']);
    expect(health().notes).toEqual([]);
  });

  it('should be said to be none where no pattern fits', async () => {
    await create('*EUR');
    await poll();
    await look();
    expect(health()).toMatchObject({
      state: 'degraded',
      problem: expect.stringContaining('no symbol that trades on the exchange fits a pattern of SYMBOLS') as string,
    });
  });

  it('should be followed without a store too', async () => {
    ports = FakePorts.at(NOON, { SYMBOLS: '*USDT' });
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) ports.exchange.statuses.set(symbol, 'TRADING');
    const imports = [ports.liveModule()];
    const capture = CaptureModule.live({ process: 'test', capture: ['tickers', 'candles'], imports });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
    await poll();
    await sync();
    ports.exchange.statuses.set('NEWUSDT', 'TRADING');
    const listedAt = floorTo(ports.clock.now(), MINUTE) + 50 * MINUTE;
    ports.exchange.listings.set('NEWUSDT', listedAt);
    await lookAfter(HOUR);
    await sync();
    expect(captured()).toEqual(['BTCUSDT', 'ETHUSDT', 'NEWUSDT']);
    expect(minutesOf('NEWUSDT')[0]).toBe(listedAt);
    ports.exchange.statuses.delete('ETHUSDT');
    for (let hour = 0; hour < 25; hour += 1) await lookAfter(HOUR);
    expect(captured()).toEqual(['BTCUSDT', 'NEWUSDT']);
    expect([...ports.tracking.frames.keys()]).not.toContain('ETHUSDT');
  });
});
