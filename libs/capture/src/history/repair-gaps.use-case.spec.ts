import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, MINUTE, SECOND } from '@app/domain';
import { buildMinute, FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { RepairGapsUseCase, type RepairProgress, type RepairReport } from './repair-gaps.use-case';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const NOW = MIDNIGHT + 90 * MINUTE + 5 * SECOND;
const TRACKED_SINCE = MIDNIGHT + 30 * MINUTE;

describe('RepairGapsUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;
  let progress: RepairProgress[];
  let abort: AbortController;

  beforeEach(async () => {
    ports = FakePorts.at(NOW);
    // Then everything comes over REST.
    ports.archive.isEnabled = false;
    ports.history.frames.set('BTCUSDT', { symbol: 'BTCUSDT', trackedSince: TRACKED_SINCE, ledgerStart: MIDNIGHT });
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
    progress = [];
    abort = new AbortController();
  });

  function repair(range = {}, symbols = ['BTCUSDT']): Promise<RepairReport[]> {
    return module.get(RepairGapsUseCase).execute(symbols, range, abort.signal, (state) => progress.push(state));
  }

  it('should fill what is missing up to three minutes ago and say how much that was', async () => {
    expect(await repair()).toEqual([
      { symbol: 'BTCUSDT', missingBefore: 87, settled: 87, missingAfter: 0, leftOut: [] },
    ]);
    expect(progress.at(-1)).toEqual({ symbol: 'BTCUSDT', minutesDone: 87, minutesTotal: 87, rows: 87 });
    expect(ports.history.fetched.map(({ kind, range }) => [kind, range.start, range.end])).toEqual([
      ['backfill', MIDNIGHT, TRACKED_SINCE],
      ['repair', TRACKED_SINCE, MIDNIGHT + 87 * MINUTE],
    ]);
  });

  it('should ask for nothing the second time', async () => {
    await repair();
    ports.exchange.calls.length = 0;
    expect(await repair()).toMatchObject([{ symbol: 'BTCUSDT', missingBefore: 0, settled: 0, missingAfter: 0 }]);
    expect(ports.exchange.calls.filter(({ range }) => range)).toEqual([]);
  });

  it('should keep to the range', async () => {
    await repair({ start: MIDNIGHT + 10 * MINUTE, end: MIDNIGHT + 20 * MINUTE });
    expect(await ports.history.missing('BTCUSDT', { start: MIDNIGHT, end: MIDNIGHT + 30 * MINUTE })).toEqual([
      { start: MIDNIGHT, end: MIDNIGHT + 10 * MINUTE },
      { start: MIDNIGHT + 20 * MINUTE, end: MIDNIGHT + 30 * MINUTE },
    ]);
  });

  it('should have nothing to do for a symbol whose ledger has not begun', async () => {
    expect(await repair({}, ['ETHUSDT'])).toEqual([]);
  });

  describe('while the exchange does not tell its time', () => {
    beforeEach(() => {
      ports.exchange.fault = ({ method }) =>
        method === 'serverTime' ? new ExchangeError('not_found', 'no such route') : undefined;
    });

    it('should fill what a later row proves to be over', async () => {
      expect(await repair()).toMatchObject([{ symbol: 'BTCUSDT', settled: 87, missingAfter: 0 }]);
    });

    it.each([5, 6, 60, 86])(
      'should take no minute under way for a closed one with a clock that is ahead: %s min',
      async (ahead) => {
        ports.exchange.skew = -ahead * MINUTE;
        await repair();
        const stored = ports.history.fetched.flatMap(({ candles }) => candles.map(({ openTime }) => openTime));
        const now = NOW - ahead * MINUTE;
        expect(stored.filter((openTime) => openTime + MINUTE > now)).toEqual([]);
        expect(stored).toHaveLength(Math.min(87, 90 - ahead));
        const [missing] = await ports.history.missing('BTCUSDT', { start: MIDNIGHT, end: MIDNIGHT + 87 * MINUTE });
        expect(missing?.start).toBe(MIDNIGHT + (90 - ahead) * MINUTE);
        expect(
          ports.history.fetched.every(({ range, candles }) => range.end <= (candles.at(-1)?.openTime ?? 0) + MINUTE),
        ).toBe(true);
      },
    );
  });

  it('should keep the reason with what could not be had', async () => {
    ports.exchange.fault = ({ range }) => (range ? new ExchangeError('unreachable', 'no answer') : undefined);
    expect(await repair()).toMatchObject([{ symbol: 'BTCUSDT', settled: 0, missingAfter: 87, failure: 'no answer' }]);
    expect(ports.history.unfilled).toEqual([
      {
        symbol: 'BTCUSDT',
        asked: { start: MIDNIGHT, end: TRACKED_SINCE },
        notes: [{ start: MIDNIGHT, end: TRACKED_SINCE, reason: 'unreachable: no answer', askedAt: NOW }],
      },
    ]);
  });

  it('should leave out a row that breaks the contract, name its minute, and fill the others', async () => {
    const bad = MIDNIGHT + 40 * MINUTE;
    ports.exchange.broken.set(`BTCUSDT ${bad}`, 'the row of 2026-01-15T00:40:00Z: trade count is null');
    expect(await repair()).toMatchObject([
      {
        settled: 86,
        missingAfter: 1,
        leftOut: [{ start: bad, end: bad + MINUTE, detail: 'the row of 2026-01-15T00:40:00Z: trade count is null' }],
      },
    ]);
    expect(ports.history.stopped.size).toBe(0);
  });

  it('should go on with the other symbols when one fails, and end when the exchange is away', async () => {
    for (const symbol of ['ETHUSDT', 'BNBUSDT', 'XRPUSDT']) {
      ports.history.frames.set(symbol, { symbol, trackedSince: TRACKED_SINCE, ledgerStart: MIDNIGHT });
      ports.exchange.statuses.set(symbol, 'TRADING');
    }
    const all = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'XRPUSDT'];
    ports.exchange.fault = ({ symbol, range }) =>
      symbol === 'BTCUSDT' && range ? new ExchangeError('malformed', 'nonsense') : undefined;
    expect(await repair({}, all)).toMatchObject([
      { symbol: 'BTCUSDT', missingAfter: 87, failure: 'nonsense' },
      { symbol: 'ETHUSDT', missingAfter: 0 },
      { symbol: 'BNBUSDT', missingAfter: 0 },
      { symbol: 'XRPUSDT', missingAfter: 0 },
    ]);
    ports.history.stored.clear();
    ports.exchange.fault = ({ range }) => (range ? new ExchangeError('unreachable', 'no answer') : undefined);
    expect((await repair({}, all)).map(({ symbol, failure }) => [symbol, failure])).toEqual([
      ['BTCUSDT', 'no answer'],
      ['ETHUSDT', 'no answer'],
      ['BNBUSDT', 'no answer'],
    ]);
  });

  it('should end at a page when it is told to, with what is stored kept', async () => {
    ports.history.frames.set('BTCUSDT', { symbol: 'BTCUSDT', trackedSince: NOW, ledgerStart: MIDNIGHT - 3 * DAY });
    const execution = module.get(RepairGapsUseCase).execute(['BTCUSDT'], {}, abort.signal, () => {
      abort.abort();
    });
    const [report] = await execution;
    expect(report).toMatchObject({ settled: 1_000 });
    expect(ports.history.fetched).toHaveLength(1);
  });

  it('should take whole days that are missing from the archive', async () => {
    ports.archive.isEnabled = true;
    const day = MIDNIGHT - DAY;
    const candles = Array.from({ length: 1_440 }, (_, index) => buildMinute('BTCUSDT', day + index * MINUTE));
    ports.archive.put('BTCUSDT', day, { candles, origin: 'simulator:test' });
    ports.history.frames.set('BTCUSDT', { symbol: 'BTCUSDT', trackedSince: TRACKED_SINCE, ledgerStart: day });
    expect(await repair()).toMatchObject([{ missingBefore: 1_527, settled: 1_527, missingAfter: 0 }]);
    expect(progress[0]).toMatchObject({ minutesDone: 1_440, minutesTotal: 1_527, rows: 1_440 });
    expect(ports.history.days).toHaveLength(1);
  });
});
