import { Test, type TestingModule } from '@nestjs/testing';
import {
  ARCHIVE_SOURCE,
  ArchiveError,
  DAY,
  ExchangeError,
  MINUTE,
  SECOND,
  type EpochMicros,
  type MinuteCandle,
  type RequestPriority,
} from '@app/domain';
import { buildMinute, FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { SyncCandlesUseCase } from '../candles/sync-candles.use-case';
import { CaptureStatus } from '../status/capture-status';
import { BackfillUseCase } from './backfill.use-case';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const NOW = MIDNIGHT + 90 * MINUTE + 5 * SECOND;

describe('BackfillUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;
  let abort: AbortController;

  async function start(onLive: (priority: RequestPriority | undefined) => void = () => undefined): Promise<void> {
    ports.metrics.clear();
    abort = new AbortController();
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
    await module.get(SyncCandlesUseCase).execute(abort.signal);
    for (const { method, priority } of ports.exchange.calls) if (method === 'minuteCandles') onLive(priority);
    ports.exchange.calls.length = 0;
  }

  /** Without an archive, unless it is switched on: then everything comes over REST. */
  function prepare(symbols = 'BTCUSDT', days = 1): void {
    ports = FakePorts.at(NOW, { SYMBOLS: symbols, BACKFILL_DAYS: String(days) });
    ports.archive.isEnabled = false;
  }

  async function create(symbols = 'BTCUSDT'): Promise<void> {
    prepare(symbols);
    await start();
  }

  const backfill = (): Promise<unknown> => module.get(BackfillUseCase).execute(abort.signal);
  const progress = () => module.get(CaptureStatus).snapshot().backfill;

  /** Starts of the asked pages, in minutes from the start of the ledger. */
  function pages(): number[][] {
    return ports.exchange.calls.flatMap(({ range }) =>
      range ? [[range.start, range.end].map((time) => (time - MIDNIGHT + DAY) / MINUTE)] : [],
    );
  }

  /** Resolves once it holds; the test's own time-out ends what never does. */
  async function waitFor(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  function missing(symbol = 'BTCUSDT'): Promise<readonly { start: EpochMicros; end: EpochMicros }[]> {
    return ports.history.missing(symbol, { start: MIDNIGHT - DAY, end: MIDNIGHT + 90 * MINUTE });
  }

  it('fills from the start of the ledger to the begin of live capture, oldest first', async () => {
    await create();
    await backfill();
    expect(pages()).toEqual([
      [0, 1_000],
      [1_000, 1_525],
    ]);
    expect(await missing()).toEqual([]);
    expect(ports.history.fetched.map(({ kind, origin, candles }) => [kind, origin, candles.length])).toEqual([
      ['backfill', 'simulator:test', 1_000],
      ['backfill', 'simulator:test', 525],
    ]);
    expect(ports.history.fetched[0]?.range).toEqual({ start: MIDNIGHT - DAY, end: MIDNIGHT - DAY + 1_000 * MINUTE });
    expect(progress()).toMatchObject({ state: 'done', symbols_done: 1, percent: 100, rows: 1_525, eta_seconds: 0 });
  });

  it('asks for nothing that is there', async () => {
    await create();
    await backfill();
    await start();
    await backfill();
    expect(pages()).toEqual([]);
    expect(progress()).toMatchObject({ state: 'done', percent: 100 });
  });

  it('goes on after an interruption where it was', async () => {
    await create('BTCUSDT,ETHUSDT');
    ports.exchange.fault = ({ symbol }) => {
      if (symbol === 'ETHUSDT') abort.abort();
      return undefined;
    };
    await backfill();
    expect(ports.history.fetched.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'BTCUSDT', 'ETHUSDT']);
    ports.exchange.fault = () => undefined;
    await start();
    await backfill();
    expect(ports.exchange.calls.map(({ symbol }) => symbol)).toEqual(['ETHUSDT']);
    expect(await missing('ETHUSDT')).toEqual([]);
  });

  it('goes on by itself when the exchange is back', async () => {
    await create();
    let failures = 2;
    ports.exchange.fault = () => ((failures -= 1) >= 0 ? new ExchangeError('unreachable', 'timed out') : undefined);
    await backfill();
    expect(await missing()).toEqual([]);
    expect(ports.logged.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
  });

  it('marks absent minutes stopped when a later row exists, before the first row too', async () => {
    prepare();
    const listed = MIDNIGHT - DAY + 1_200 * MINUTE;
    const [haltStart, haltEnd] = [MIDNIGHT, MIDNIGHT + 10 * MINUTE];
    ports.exchange.has = (_, time) => time >= listed && !(time >= haltStart && time < haltEnd);
    await start();
    await backfill();
    expect(await missing()).toEqual([]);
    expect(ports.history.stopped.size).toBe(1_210);
  });

  it('leaves absent minutes without a later row missing while the symbol trades, and does not ask again at once', async () => {
    prepare();
    ports.exchange.has = () => false;
    await start();
    await backfill();
    expect(ports.history.stopped.size).toBe(0);
    expect(pages()).toHaveLength(2);
    expect(progress()?.state).toBe('done');
  });

  it('marks them stopped when the symbol does not trade', async () => {
    prepare();
    ports.exchange.has = () => false;
    ports.exchange.statuses.set('BTCUSDT', 'BREAK');
    await start();
    await backfill();
    expect(await missing()).toEqual([]);
  });

  it('fills past rows that break the contract, in the history of one symbol and of all others', async () => {
    await create('BADUSDT,BTCUSDT,ETHUSDT');
    const bad = [10, 500, 501, 999, 1_500].map((minute) => MIDNIGHT - DAY + minute * MINUTE);
    for (const time of bad) ports.exchange.broken.set(`BADUSDT ${time}`, `the row of ${time}: trade count is null`);
    await backfill();
    expect([await missing('BTCUSDT'), await missing('ETHUSDT')]).toEqual([[], []]);
    expect((await missing('BADUSDT')).flatMap(({ start, end }) => (end - start) / MINUTE)).toEqual([1, 2, 1, 1]);
    expect(ports.history.stopped.size).toBe(0);
    expect(progress()).toMatchObject({ state: 'done', symbols_done: 3, eta_seconds: 0 });
    const { state, problem, left_out: leftOut } = module.get(CaptureStatus).snapshot();
    expect(state).toBe('degraded');
    expect(problem).toMatch(
      /^5 minutes are left out of BADUSDT \(the row of \d+: trade count is null, and 4 more\); asked/,
    );
    expect(leftOut.map(({ start }) => Date.parse(start) * 1_000)).toEqual(bad);
  });

  it.each([
    ['is refused', new ExchangeError('rejected', 'HTTP 400: no')],
    ['is answered with nonsense', new ExchangeError('malformed', 'klines without a list of rows')],
    ['is not answered', new ExchangeError('unreachable', 'timed out')],
  ])('gives the turn of a symbol that %s to the others, and says what nothing moves for', async (_, error) => {
    await create('BADUSDT,BTCUSDT,ETHUSDT');
    ports.exchange.fault = ({ symbol, method }) =>
      symbol === 'BADUSDT' && method === 'minuteCandles' ? error : undefined;
    const running = backfill();
    await waitFor(() => module.get(BackfillUseCase).finished('ETHUSDT') && progress()?.state === 'waiting');
    expect([await missing('BTCUSDT'), await missing('ETHUSDT')]).toEqual([[], []]);
    expect(progress()).toMatchObject({ state: 'waiting', symbols_done: 2, percent: 66, eta_seconds: null });
    const { state, problem } = module.get(CaptureStatus).snapshot();
    expect(state).toBe('degraded');
    expect(problem).toContain(error.message);
    ports.exchange.fault = () => undefined;
    ports.clock.advance(10 * MINUTE);
    await running;
    expect(await missing('BADUSDT')).toEqual([]);
    expect(progress()).toMatchObject({ state: 'done', symbols_done: 3, percent: 100 });
  });

  it('gives way to live capture in the budget of the minute', async () => {
    prepare();
    await start((priority) => {
      expect(priority).toBe('live');
    });
    await backfill();
    expect(await missing()).toEqual([]);
    expect(new Set(ports.exchange.calls.flatMap(({ priority }) => priority ?? []))).toEqual(new Set(['history']));
  });

  describe('with an archive', () => {
    const minutes = (day: number, from = 0, to = DAY / MINUTE): MinuteCandle[] =>
      Array.from({ length: to - from }, (_, index) =>
        buildMinute('BTCUSDT', MIDNIGHT + day * DAY + (from + index) * MINUTE, { source: ARCHIVE_SOURCE }),
      );
    const put = (day: number, candles = minutes(day)): void => {
      ports.archive.put('BTCUSDT', MIDNIGHT + day * DAY, { candles, origin: 'simulator:test' });
    };
    const pagesOf = (day: number): number[][] =>
      [
        [0, 1_000],
        [1_000, 1_440],
      ].map((page) => page.map((minute) => minute + (day + 1) * 1_440));

    beforeEach(() => {
      prepare('BTCUSDT', 4);
      ports.archive.isEnabled = true;
    });

    it('should take whole days from it, and over REST at once what it does not have', async () => {
      put(-4);
      put(-2, minutes(-2, 0, 456));
      ports.archive.faults.set(`BTCUSDT ${MIDNIGHT - DAY}`, new ArchiveError('checksum_mismatch', 'X.zip is another'));
      await start();
      await backfill();
      expect(pages()).toEqual([...pagesOf(-3), [-984, 0], ...pagesOf(-1), [1_440, 1_525]]);
      expect(
        await ports.history.missing('BTCUSDT', { start: MIDNIGHT - 4 * DAY, end: MIDNIGHT + 85 * MINUTE }),
      ).toEqual([]);
      expect(ports.history.days.map(({ range, file }) => [(range.start - MIDNIGHT) / DAY, file?.kind])).toEqual([
        [-4, 'archive'],
        [-2, 'archive'],
      ]);
      const rows = 4 * 1_440 + 85;
      expect(progress()).toMatchObject({ state: 'done', percent: 100, rows, eta_seconds: 0 });
      expect(ports.logged).toEqual(['archive: X.zip is another; the day is asked for over REST']);
    });

    it('should go on with other days and symbols while neither the file nor REST gives one, and not fetch it again', async () => {
      prepare('BADUSDT,BTCUSDT', 2);
      ports.archive.isEnabled = true;
      for (const day of [-2, -1]) put(day);
      await start();
      const broken = new ArchiveError('truncated', 'B.zip ends in the middle');
      ports.archive.faults.set(`BADUSDT ${MIDNIGHT - 2 * DAY}`, broken);
      ports.exchange.fault = ({ symbol, method }) =>
        symbol === 'BADUSDT' && method === 'minuteCandles' ? new ExchangeError('rejected', 'HTTP 400: no') : undefined;
      const running = backfill();
      await waitFor(() => module.get(BackfillUseCase).finished('BTCUSDT') && progress()?.state === 'waiting');
      ports.clock.advance(10 * MINUTE);
      const asked = (): number => ports.exchange.calls.filter(({ symbol }) => symbol === 'BADUSDT').length;
      await waitFor(() => asked() > 1 && progress()?.state === 'waiting');
      ports.exchange.fault = () => undefined;
      ports.clock.advance(10 * MINUTE);
      await running;
      expect(await missing('BADUSDT')).toEqual([]);
      expect(ports.archive.asked.filter((file) => file === 'BADUSDT 2026-01-13')).toHaveLength(1);
      expect(ports.logged.filter((line) => line.startsWith('archive: '))).toHaveLength(1);
    });
  });
});
