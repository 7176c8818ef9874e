import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, MINUTE, SECOND } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
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
    ports.history.frames.set('BTCUSDT', { symbol: 'BTCUSDT', trackedSince: TRACKED_SINCE, ledgerStart: MIDNIGHT });
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
    progress = [];
    abort = new AbortController();
  });

  function repair(range = {}, symbols = ['BTCUSDT']): Promise<RepairReport[]> {
    return module.get(RepairGapsUseCase).execute(symbols, range, abort.signal, (state) => progress.push(state));
  }

  it('should fill what is missing up to three minutes ago and say how much that was', async () => {
    expect(await repair()).toEqual([{ symbol: 'BTCUSDT', missingBefore: 87, settled: 87, missingAfter: 0 }]);
    expect(progress.at(-1)).toEqual({ symbol: 'BTCUSDT', minutesDone: 87, minutesTotal: 87, rows: 87 });
    expect(ports.history.fetched.map(({ kind, range }) => [kind, range.start, range.end])).toEqual([
      ['backfill', MIDNIGHT, TRACKED_SINCE],
      ['repair', TRACKED_SINCE, MIDNIGHT + 87 * MINUTE],
    ]);
  });

  it('should ask for nothing the second time', async () => {
    await repair();
    ports.exchange.calls.length = 0;
    expect(await repair()).toEqual([{ symbol: 'BTCUSDT', missingBefore: 0, settled: 0, missingAfter: 0 }]);
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

  it('should keep the reason with what could not be had', async () => {
    ports.exchange.fault = ({ range }) => (range ? new ExchangeError('unreachable', 'no answer') : undefined);
    await expect(repair()).rejects.toThrow('no answer');
    expect(ports.history.unfilled).toEqual([
      {
        symbol: 'BTCUSDT',
        asked: { start: MIDNIGHT, end: TRACKED_SINCE },
        notes: [{ start: MIDNIGHT, end: TRACKED_SINCE, reason: 'unreachable: no answer', askedAt: NOW }],
      },
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
});
