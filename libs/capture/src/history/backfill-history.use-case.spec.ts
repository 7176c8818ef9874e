import { Test } from '@nestjs/testing';
import {
  ARCHIVE_SOURCE,
  ArchiveError,
  DAY,
  ExchangeError,
  MINUTE,
  OriginMismatchError,
  SECOND,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import { buildMinute, FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { BackfillHistoryUseCase } from './backfill-history.use-case';
import type { BackfillHistoryProgress, BackfillHistoryReport } from './backfill-run';

const TODAY = Date.UTC(2026, 0, 15) * 1_000;
const NOW = TODAY + 90 * MINUTE + 5 * SECOND;
/** Of the minutes of today, those that are not left to live capture. */
const CLOSED = 87;
const MINUTES = DAY / MINUTE;
const ORIGIN = 'simulator:test';
const day = (index: number): EpochMicros => TODAY + index * DAY;

describe('BackfillHistoryUseCase', () => {
  let ports: FakePorts;
  let abort: AbortController;

  beforeEach(() => {
    ports = FakePorts.at(NOW, { SYMBOLS: 'BTCUSDT,ETHUSDT' });
    abort = new AbortController();
  });

  function putIntoArchive(symbol: string, ...indexes: number[]): void {
    for (const index of indexes) {
      const candles = Array.from({ length: MINUTES }, (_, minute) =>
        buildMinute(symbol, day(index) + minute * MINUTE, { source: ARCHIVE_SOURCE, capturedAt: NOW }),
      );
      ports.archive.put(symbol, day(index), { candles, origin: ORIGIN });
    }
  }

  async function backfill(
    range: TimeRange = { start: day(-3), end: NOW },
    symbols = ['BTCUSDT'],
    onProgress: (progress: BackfillHistoryProgress) => void = () => undefined,
  ): Promise<BackfillHistoryReport> {
    ports.exchange.calls.length = 0;
    ports.metrics.clear();
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    const module = await Test.createTestingModule({ imports: [capture] }).compile();
    return module.get(BackfillHistoryUseCase).execute({ symbols, range }, abort.signal, onProgress);
  }

  const missing = (symbol = 'BTCUSDT', start = day(-3)) =>
    ports.history.missing(symbol, { start, end: TODAY + CLOSED * MINUTE });
  const states = () => [...ports.backfillJobs.jobs.values()].map(({ state }) => state);
  /** Pages asked over REST, in days and minutes from today on. */
  const pages = (): [EpochMicros, EpochMicros][] =>
    ports.exchange.calls.flatMap(({ range }) =>
      range ? [[(range.start - TODAY) / MINUTE, (range.end - TODAY) / MINUTE] as [number, number]] : [],
    );

  it('should take days from the archive and the rest over REST, symbol by symbol, oldest first', async () => {
    putIntoArchive('BTCUSDT', -3, -2);
    putIntoArchive('ETHUSDT', -3, -2, -1);
    const seen: string[] = [];
    const report = await backfill(undefined, ['BTCUSDT', 'ETHUSDT'], ({ job, daysDone, daysTotal }) =>
      seen.push(`${job.symbol} ${(job.range.start - TODAY) / DAY} ${daysDone}/${daysTotal}`),
    );
    expect(report).toEqual({ days: 8, rows: 2 * (3 * MINUTES + CLOSED), failed: [], left: 0 });
    expect(seen).toEqual(
      [
        'BTCUSDT -3',
        'BTCUSDT -2',
        'BTCUSDT -1',
        'BTCUSDT 0',
        'ETHUSDT -3',
        'ETHUSDT -2',
        'ETHUSDT -1',
        'ETHUSDT 0',
      ].map((at, index) => `${at} ${index + 1}/8`),
    );
    expect(pages()).toEqual([
      [-MINUTES, -MINUTES + 1_000],
      [-MINUTES + 1_000, 0],
      [0, CLOSED],
      [0, CLOSED],
    ]);
    expect([await missing('BTCUSDT'), await missing('ETHUSDT')]).toEqual([[], []]);
    expect(ports.history.ledgerStarts).toEqual(
      new Map([
        ['BTCUSDT', day(-3)],
        ['ETHUSDT', day(-3)],
      ]),
    );
    expect(ports.history.symbols.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'ETHUSDT']);
  });

  it('should do nothing on a second run', async () => {
    putIntoArchive('BTCUSDT', -3, -2, -1);
    await backfill();
    const stored = new Map(ports.history.stored);
    expect(await backfill()).toEqual({ days: 0, rows: 0, failed: [], left: 0 });
    expect(pages()).toEqual([]);
    expect(ports.history.stored).toEqual(stored);
  });

  it('should not ask for days before the first candle of the symbol', async () => {
    ports.exchange.listedAt = day(-1) + 240 * MINUTE;
    ports.exchange.has = (_, time) => time >= day(-1) + 240 * MINUTE;
    expect(await backfill()).toMatchObject({ days: 2, failed: [] });
    expect(pages()[0]).toEqual([-MINUTES + 240, -200]);
    expect(ports.history.stopped.size).toBe(0);
    expect(ports.history.ledgerStarts.get('BTCUSDT')).toBe(day(-1) + 240 * MINUTE);
  });

  it('should go on with what an interrupted run left, whatever range is asked for then', async () => {
    putIntoArchive('BTCUSDT', -3, -2, -1);
    const report = await backfill(undefined, ['BTCUSDT'], ({ daysDone }) => {
      if (daysDone === 2) abort.abort();
    });
    expect(report).toMatchObject({ days: 2, left: 2 });
    expect(states()).toEqual(['done', 'done', 'queued', 'queued']);
    abort = new AbortController();
    expect(await backfill({ start: TODAY, end: NOW })).toMatchObject({ days: 2, left: 0 });
    expect(await missing()).toEqual([]);
  });

  it('should take up the day that was in hand when the process died', async () => {
    putIntoArchive('BTCUSDT', -3, -2, -1);
    const [job] = await backfill().then(() => [...ports.backfillJobs.jobs.values()]);
    await ports.backfillJobs.started(job!);
    await backfill();
    expect(states()).toEqual(['done', 'done', 'done', 'done']);
  });

  it('should keep why a day is incomplete, go on, and try it again in the next run', async () => {
    putIntoArchive('BTCUSDT', -3, -2);
    ports.exchange.fault = ({ range }) =>
      range && range.start < TODAY ? new ExchangeError('rejected', 'HTTP 400: no') : undefined;
    const reason = '1440 minutes are missing: HTTP 400: no';
    expect(await backfill()).toMatchObject({ days: 3, left: 0, failed: [{ range: { start: day(-1) }, reason }] });
    expect([...ports.backfillJobs.jobs.values()].map((job) => job.reason)).toEqual([null, null, reason, null]);
    ports.exchange.fault = () => undefined;
    expect(await backfill()).toMatchObject({ days: 1, failed: [] });
    expect(await missing()).toEqual([]);
  });

  it('should not call a day done while nothing speaks for its minutes', async () => {
    ports.exchange.has = (_, time) => time < TODAY;
    const reason = `${CLOSED} minutes are missing: the exchange has neither rows for them nor later ones`;
    expect(await backfill()).toMatchObject({ days: 3, failed: [{ range: { start: TODAY }, reason }] });
    ports.exchange.statuses.set('BTCUSDT', 'BREAK');
    expect(await backfill()).toMatchObject({ days: 1, failed: [] });
    expect(ports.history.stopped.size).toBe(CLOSED);
  });

  it('should know that the exchange stopped over midnight once the next day has rows', async () => {
    const [start, end] = [day(-1) - 30 * MINUTE, day(-1) + 20 * MINUTE];
    putIntoArchive('BTCUSDT', -3);
    ports.exchange.has = (_, time) => time < start || time >= end;
    expect(await backfill({ start: day(-3), end: TODAY })).toMatchObject({ days: 3, failed: [], left: 0 });
    expect(ports.history.stopped.size).toBe(50);
    expect(states()).toEqual(['done', 'done', 'done']);
  });

  it('should leave the other days queued when the exchange fails one after the other', async () => {
    ports.exchange.fault = ({ range }) => (range ? new ExchangeError('unreachable', 'timed out') : undefined);
    expect(await backfill({ start: day(-9), end: NOW })).toMatchObject({ days: 0, failed: { length: 3 }, left: 7 });
    expect(states().filter((state) => state === 'queued')).toHaveLength(7);
  });

  it('should take a day that does not verify over REST', async () => {
    ports.archive.fault = new ArchiveError('checksum_mismatch', 'X.zip has SHA-256 1, but its checksum file says 2');
    expect(await backfill({ start: day(-1), end: TODAY })).toMatchObject({ days: 1, rows: MINUTES, failed: [] });
    expect(ports.logged).toHaveLength(1);
  });

  it('should ask REST alone when no archive is configured', async () => {
    putIntoArchive('BTCUSDT', -1);
    ports.archive.isEnabled = false;
    await backfill({ start: day(-1), end: TODAY });
    expect(ports.history.days).toEqual([]);
    expect(await missing('BTCUSDT', day(-1))).toEqual([{ start: TODAY, end: TODAY + CLOSED * MINUTE }]);
  });

  it('should queue nothing of a symbol that the exchange does not know, or for a store of another origin', async () => {
    await expect(backfill(undefined, ['BTCUSDT', 'NOPEUSDT'])).rejects.toThrow('the exchange does not know NOPEUSDT');
    ports.history.fault = new OriginMismatchError('STORAGE_PATH', 'binance', ORIGIN);
    await expect(backfill()).rejects.toBeInstanceOf(OriginMismatchError);
    expect(states()).toEqual([]);
  });
});
