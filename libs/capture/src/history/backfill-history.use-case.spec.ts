import { Test } from '@nestjs/testing';
import {
  ARCHIVE_SOURCE,
  ArchiveError,
  candlesOutside,
  DAY,
  ExchangeError,
  MINUTE,
  OriginMismatchError,
  SECOND,
  type EpochMicros,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { buildMinute, FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { BackfillHistoryUseCase } from './backfill-history.use-case';
import type { BackfillHistoryProgress, BackfillHistoryReport } from './backfill-run';

const TODAY = Date.UTC(2026, 0, 15) * 1_000;
const NOW = TODAY + 90 * MINUTE + 5 * SECOND;
/** Of the minutes of today, those that are not left to live capture. */
const CLOSED = 87;
const MINUTES = DAY / MINUTE;
const ORIGIN = 'simulator:test';
const NOTHING: BackfillHistoryReport = {
  days: 0,
  rows: 0,
  failed: [],
  failedSymbols: [],
  unlisted: [],
  leftOut: [],
  left: 0,
};
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
    const module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
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
    expect(report).toEqual({ ...NOTHING, days: 8, rows: 2 * (3 * MINUTES + CLOSED) });
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
    expect(await backfill()).toEqual(NOTHING);
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

  it('should leave out the minute of a row that breaks the contract, name it, and fill the day around it', async () => {
    const bad = day(-1) + 700 * MINUTE;
    ports.exchange.broken.set(`BTCUSDT ${bad}`, 'the row of 2026-01-14T11:40:00Z: volume is "1E+2"');
    const report = await backfill({ start: day(-1), end: TODAY });
    expect(report).toMatchObject({ days: 1, rows: MINUTES - 1, failed: [], left: 0 });
    expect(report.leftOut).toEqual([
      {
        symbol: 'BTCUSDT',
        start: bad,
        end: bad + MINUTE,
        reason: 'broken',
        detail: 'the row of 2026-01-14T11:40:00Z: volume is "1E+2"',
      },
    ]);
    expect(ports.history.stopped.size).toBe(0);
    expect(ports.history.fetched.flatMap(({ leftOut }) => leftOut)).toMatchObject([{ start: bad }]);
    ports.exchange.broken.clear();
    expect(await backfill({ start: day(-1), end: TODAY })).toEqual({ ...NOTHING, days: 1, rows: 1 });
  });

  it('should ask REST for the minute of a row that a file has broken, and leave it out only where REST has it broken too', async () => {
    const [first, second] = [day(-2) + 5 * MINUTE, day(-2) + 900 * MINUTE];
    putIntoArchive('BTCUSDT', -2);
    const whole = ports.archive.days.get(`BTCUSDT ${day(-2)}`)!;
    const leftOut = [first, second].map((start): LeftOutMinutes => ({
      start,
      end: start + MINUTE,
      reason: 'broken',
      detail: 'of the file',
    }));
    ports.archive.put('BTCUSDT', day(-2), { ...whole, candles: candlesOutside(whole.candles, leftOut), leftOut });
    ports.exchange.broken.set(`BTCUSDT ${second}`, 'of REST');
    const report = await backfill({ start: day(-2), end: day(-1) });
    expect(report).toMatchObject({ days: 1, rows: MINUTES - 1, failed: [] });
    expect(report.leftOut).toMatchObject([{ start: second, detail: 'of REST' }]);
    expect(ports.history.days[0]?.file?.end).toMatchObject({ rows: MINUTES - 2, leftOut });
    expect(ports.logged).toEqual([
      expect.stringMatching(/^archive: 2 rows of .* are left out \(of the file\)/),
      'rows of BTCUSDT are left out: of REST',
    ]);
  });

  it.each([
    ['refuses one symbol', new ExchangeError('rejected', 'HTTP 400: no')],
    ['answers one symbol with nonsense', new ExchangeError('malformed', 'klines without a list of rows')],
    ['does not answer for one symbol', new ExchangeError('unreachable', 'timed out')],
  ])('should fill the others first when the exchange %s', async (_, error) => {
    ports.exchange.statuses.set('BADUSDT', 'TRADING');
    ports.exchange.fault = ({ symbol, range }) => (symbol === 'BADUSDT' && range ? error : undefined);
    const seen: string[] = [];
    const report = await backfill({ start: day(-1), end: NOW }, ['BADUSDT', 'BTCUSDT', 'ETHUSDT'], ({ job }) =>
      seen.push(`${job.symbol} ${(job.range.start - TODAY) / DAY}`),
    );
    expect(seen).toEqual(['BADUSDT -1', 'BTCUSDT -1', 'BTCUSDT 0', 'ETHUSDT -1', 'ETHUSDT 0', 'BADUSDT 0']);
    expect(report).toMatchObject({ days: 4, left: 0, failed: [{ symbol: 'BADUSDT' }, { symbol: 'BADUSDT' }] });
    expect([await missing('BTCUSDT', day(-1)), await missing('ETHUSDT', day(-1))]).toEqual([[], []]);
  });

  it('should try every day of a symbol that fails on its own account, however many fail in a row', async () => {
    ports.exchange.fault = ({ range }) =>
      range && range.start < day(-1) ? new ExchangeError('malformed', 'nonsense') : undefined;
    expect(await backfill({ start: day(-8), end: TODAY })).toMatchObject({ days: 1, failed: { length: 7 }, left: 0 });
  });

  it.each([
    ['cannot be read', new ExchangeError('malformed', 'klines: the first row: open time is null')],
    ['is refused', new ExchangeError('rejected', 'HTTP 400: no')],
  ])('should list a symbol whose first candle %s, and fill the others', async (_, error) => {
    ports.exchange.fault = ({ method, symbol }) =>
      method === 'firstMinute' && symbol === 'BTCUSDT' ? error : undefined;
    const report = await backfill({ start: day(-1), end: TODAY }, ['BTCUSDT', 'ETHUSDT']);
    expect(report).toMatchObject({ days: 1, failed: [] });
    expect(report.failedSymbols).toEqual([
      { symbol: 'BTCUSDT', reason: `its first minute could not be found: ${error.message}` },
    ]);
    expect(await missing('ETHUSDT', day(-1))).toEqual([{ start: TODAY, end: TODAY + CLOSED * MINUTE }]);
  });

  const NO_FILE = 'the exchange does not know it, and the archive has no file of it for these days';

  it('should list a symbol that the exchange does not know, and fill the others', async () => {
    const report = await backfill({ start: day(-1), end: TODAY }, ['NOPEUSDT', 'BTCUSDT', 'OLDUSDT']);
    expect(report).toMatchObject({
      days: 1,
      left: 0,
      failed: [],
      failedSymbols: [
        { symbol: 'NOPEUSDT', reason: NO_FILE },
        { symbol: 'OLDUSDT', reason: NO_FILE },
      ],
    });
    ports.archive.isEnabled = false;
    const without = await backfill({ start: day(-1), end: TODAY }, ['OLDUSDT']);
    expect(without.failedSymbols).toEqual([{ symbol: 'OLDUSDT', reason: 'the exchange does not know it' }]);
  });

  it('should fill a symbol that the exchange does not list any more from its archive, after the others', async () => {
    putIntoArchive('OLDUSDT', -3, -2);
    const seen: string[] = [];
    const report = await backfill({ start: day(-5), end: NOW }, ['OLDUSDT', 'BTCUSDT'], ({ job }) =>
      seen.push(job.symbol),
    );
    // Two days before its life, one after it, and today are not missing.
    expect(report).toEqual({
      ...NOTHING,
      days: 6 + 2,
      rows: 5 * MINUTES + CLOSED + 2 * MINUTES,
      unlisted: [{ symbol: 'OLDUSDT', days: 2 }],
    });
    expect(seen.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'BTCUSDT'));
    expect(await ports.history.missing('OLDUSDT', { start: day(-3), end: day(-1) })).toEqual([]);
    expect(ports.exchange.calls.filter(({ symbol }) => symbol === 'OLDUSDT')).toEqual([]);
    const again = await backfill({ start: day(-5), end: NOW }, ['OLDUSDT', 'BTCUSDT']);
    expect(again).toMatchObject({ rows: 0, left: 0, failed: [], failedSymbols: [] });
  });

  it('should not take the first and last minutes of its life for gaps, and name a day that is missing between', async () => {
    const minutes = (index: number, from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) =>
        buildMinute('OLDUSDT', day(index) + (from + at) * MINUTE, { source: ARCHIVE_SOURCE, capturedAt: NOW }),
      );
    ports.archive.put('OLDUSDT', day(-4), { candles: minutes(-4, 600, MINUTES), origin: ORIGIN });
    ports.archive.put('OLDUSDT', day(-2), { candles: minutes(-2, 0, 180), origin: ORIGIN });
    const report = await backfill({ start: day(-5), end: NOW }, ['OLDUSDT']);
    expect(report).toMatchObject({
      days: 2,
      left: 0,
      unlisted: [{ symbol: 'OLDUSDT', days: 2 }],
      failed: [
        {
          range: { start: day(-3) },
          reason: `${MINUTES} minutes are missing: the archive has no row of them, and the exchange does not list the symbol`,
        },
      ],
    });
  });

  it('should not take an archive that is away for the end of its life', async () => {
    putIntoArchive('OLDUSDT', -3, -2, -1);
    const away = new ArchiveError('unreachable', 'OLDUSDT-1m-2026-01-14.zip: no route');
    ports.archive.faults.set(`OLDUSDT ${day(-1)}`, away);
    const report = await backfill({ start: day(-3), end: NOW }, ['OLDUSDT']);
    expect(report).toMatchObject({ days: 2, failed: [{ range: { start: day(-1) }, reason: away.message }] });
    ports.archive.faults.clear();
    expect(await backfill({ start: day(-3), end: NOW }, ['OLDUSDT'])).toMatchObject({ days: 1, failed: [] });
    ports.archive.fault = away;
    const gone = await backfill({ start: day(-30), end: day(-20) }, ['OLDUSDT']);
    expect(gone.failed.map(({ reason }) => reason)).toEqual(Array.from({ length: 3 }, () => away.message));
    expect(gone.left).toBe(7);
    const never = await backfill({ start: day(-30), end: day(-20) }, ['NOPEUSDT']);
    expect(never.failedSymbols).toEqual([
      { symbol: 'NOPEUSDT', reason: `the exchange does not know it, and ${away.message}` },
    ]);
  });

  it('should be through with days of it that were queued while it was listed', async () => {
    ports.exchange.statuses.set('OLDUSDT', 'TRADING');
    ports.exchange.fault = ({ method }) =>
      method === 'minuteCandles' ? new ExchangeError('unreachable', 'no route') : undefined;
    await ports.backfillJobs.queue([{ symbol: 'OLDUSDT', range: { start: day(-2), end: day(-1) } }], ORIGIN);
    ports.exchange.statuses.delete('OLDUSDT');
    putIntoArchive('OLDUSDT', -3, -2);
    await backfill({ start: day(-3), end: day(-1) }, ['OLDUSDT']);
    expect(states()).toEqual(['done']);
  });

  it('should queue nothing for a store of another origin', async () => {
    ports.history.fault = new OriginMismatchError('STORAGE_PATH', 'binance', ORIGIN);
    await expect(backfill()).rejects.toBeInstanceOf(OriginMismatchError);
    expect(states()).toEqual([]);
  });

  it('should bring days over REST while the archive does not answer, without asking it for each, and go back to it', async () => {
    putIntoArchive('BTCUSDT', -6, -5, -4, -3, -2, -1);
    const asked: EpochMicros[] = [];
    const answer = ports.archive.day.bind(ports.archive);
    ports.archive.day = (symbol, date, signal, sieve) => {
      asked.push((date - TODAY) / DAY);
      // Two days come over REST in the first minute.
      if (asked.length === 1) ports.archive.fault = new ArchiveError('unreachable', 'HTTP 503');
      else ports.archive.fault = undefined;
      return answer(symbol, date, signal, sieve);
    };
    const report = await backfill({ start: day(-6), end: day(0) }, ['BTCUSDT'], ({ daysDone }) => {
      if (daysDone === 3) ports.clock.advance(MINUTE);
    });
    expect(report).toEqual({ ...NOTHING, days: 6, rows: 6 * MINUTES });
    expect(asked).toEqual([-6, -3, -2, -1]);
    expect(await missing('BTCUSDT', day(-6))).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ start: day(-6) })]),
    );
  });

  it('should keep away from the archive for as long as it wants', async () => {
    putIntoArchive('BTCUSDT', -3, -2, -1);
    ports.archive.faults.set(
      `BTCUSDT ${day(-3)}`,
      new ArchiveError('rejected', 'HTTP 429', { retryAt: NOW + 5 * MINUTE }),
    );
    const report = await backfill({ start: day(-3), end: day(0) }, ['BTCUSDT'], ({ daysDone }) => {
      if (daysDone === 2) ports.clock.advance(5 * MINUTE);
    });
    expect(report).toEqual({ ...NOTHING, days: 3, rows: 3 * MINUTES });
    expect(ports.history.days.map(({ range }) => (range.start - TODAY) / DAY)).toEqual([-1]);
  });

  it('should end when every day of every symbol is refused, and not before each symbol had its turn', async () => {
    ports.exchange.fault = ({ method }) =>
      method === 'minuteCandles' ? new ExchangeError('failing', 'HTTP 500') : undefined;
    const report = await backfill({ start: day(-30), end: day(0) }, ['BTCUSDT', 'ETHUSDT']);
    expect(report.failed).toHaveLength(12);
    expect(report.left).toBe(60 - 12);
    expect(new Set(report.failed.map(({ symbol }) => symbol)).size).toBe(2);
  });
});
