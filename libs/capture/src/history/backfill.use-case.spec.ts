import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
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

  async function start(): Promise<void> {
    ports.metrics.clear();
    abort = new AbortController();
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
    await module.get(SyncCandlesUseCase).execute(abort.signal);
    ports.exchange.calls.length = 0;
  }

  async function create(symbols = 'BTCUSDT'): Promise<void> {
    ports = FakePorts.at(NOW, { SYMBOLS: symbols, BACKFILL_DAYS: '1' });
    await start();
  }

  const backfill = (): Promise<void> => module.get(BackfillUseCase).execute(abort.signal);
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
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '1' });
    const listed = MIDNIGHT - DAY + 1_200 * MINUTE;
    const [haltStart, haltEnd] = [MIDNIGHT, MIDNIGHT + 10 * MINUTE];
    ports.exchange.has = (_, time) => time >= listed && !(time >= haltStart && time < haltEnd);
    await start();
    await backfill();
    expect(await missing()).toEqual([]);
    expect(ports.history.stopped.size).toBe(1_210);
  });

  it('leaves absent minutes without a later row missing while the symbol trades, and does not ask again at once', async () => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '1' });
    ports.exchange.has = () => false;
    await start();
    await backfill();
    expect(ports.history.stopped.size).toBe(0);
    expect(pages()).toHaveLength(2);
    expect(progress()?.state).toBe('done');
  });

  it('marks them stopped when the symbol does not trade', async () => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '1' });
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

  it('waits for live capture and for the budget of the minute', async () => {
    await create();
    let usedWeight = 3_001;
    ports.exchange.current = {
      get usedWeight() {
        const used = usedWeight;
        usedWeight = 0;
        ports.clock.set(MIDNIGHT + 91 * MINUTE - SECOND / 100);
        return used;
      },
    };
    await backfill();
    expect(await missing()).toEqual([]);
  });
});
