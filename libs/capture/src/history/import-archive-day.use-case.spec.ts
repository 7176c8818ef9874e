import { Test, type TestingModule } from '@nestjs/testing';
import {
  ARCHIVE_SOURCE,
  ArchiveError,
  DAY,
  ExchangeError,
  MINUTE,
  OriginMismatchError,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute, FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { ImportArchiveDayUseCase, type ArchiveDayOutcome } from './import-archive-day.use-case';

const DATE = Date.UTC(2026, 0, 10) * 1_000;
const MINUTES = DAY / MINUTE;
const ORIGIN = 'simulator:test';

describe('ImportArchiveDayUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  const rows = (start: number, end: number): MinuteCandle[] =>
    Array.from({ length: end - start }, (_, index) =>
      buildMinute('BTCUSDT', DATE + (start + index) * MINUTE, { source: ARCHIVE_SOURCE, capturedAt: DATE + 2 * DAY }),
    );
  const execute = (): Promise<ArchiveDayOutcome> =>
    module
      .get(ImportArchiveDayUseCase)
      .execute('BTCUSDT', { start: DATE, end: DATE + DAY }, new AbortController().signal);
  const asked = (): number[][] =>
    ports.exchange.calls.flatMap(({ range }) =>
      range ? [[range.start, range.end].map((time) => (time - DATE) / MINUTE)] : [],
    );

  beforeEach(async () => {
    ports = FakePorts.at(DATE + 5 * DAY, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '0' });
    ports.exchange.origin = ORIGIN;
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  });

  it('should store a whole day without a question to REST', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, MINUTES), origin: ORIGIN });
    expect(await execute()).toEqual({
      kind: 'imported',
      file: 'BTCUSDT-1m-2026-01-10.zip',
      sha256: 'a'.repeat(64),
      rows: MINUTES,
      counts: { taken: MINUTES, repeats: 0, revisions: 0 },
      rowsOverRest: 0,
      leftOut: [],
      unresolved: [],
    });
    expect(asked()).toEqual([]);
    expect(ports.history.days).toMatchObject([{ origin: ORIGIN, file: { kind: 'archive', end: { rows: MINUTES } } }]);
  });

  it('should store nothing twice and change nothing on a second run', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, MINUTES), origin: ORIGIN });
    await execute();
    expect(await execute()).toMatchObject({ counts: { taken: 0, repeats: MINUTES, revisions: 0 } });
  });

  it('should ask REST for the rest of a truncated day, and take it', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, 456), origin: ORIGIN });
    expect(await execute()).toMatchObject({ rows: 456, rowsOverRest: MINUTES - 456, unresolved: [] });
    expect(asked()).toEqual([[456, MINUTES]]);
    expect(ports.history.stopped.size).toBe(0);
    expect(ports.history.stored.size).toBe(MINUTES);
  });

  it('should take for stopped only what REST does not have either', async () => {
    const stop = { start: 600, end: 855 };
    ports.archive.put('BTCUSDT', DATE, { candles: [...rows(0, 590), ...rows(855, MINUTES)], origin: ORIGIN });
    ports.exchange.has = (_, time) => time < DATE + stop.start * MINUTE || time >= DATE + stop.end * MINUTE;
    expect(await execute()).toMatchObject({ rowsOverRest: 10, unresolved: [] });
    expect(asked()).toEqual([[590, 855]]);
    expect(ports.history.stopped.size).toBe(255);
  });

  it('should leave minutes missing when REST cannot be asked', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, 1_000), origin: ORIGIN });
    ports.exchange.fault = () => new ExchangeError('unreachable', 'no route');
    expect(await execute()).toMatchObject({
      counts: { taken: 1_000 },
      rowsOverRest: 0,
      unresolved: [{ start: DATE + 1_000 * MINUTE, end: DATE + DAY }],
      restFailure: { failure: 'unreachable', message: 'no route' },
    });
    expect(ports.history.stopped.size).toBe(0);
  });

  it('should keep changed numbers as revisions', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, MINUTES), origin: ORIGIN });
    await execute();
    const changed = rows(0, MINUTES).with(7, buildMinute('BTCUSDT', DATE + 7 * MINUTE, { volume: '2.01' }));
    ports.archive.put('BTCUSDT', DATE, { candles: changed, origin: ORIGIN });
    expect(await execute()).toMatchObject({ counts: { taken: 0, repeats: MINUTES - 1, revisions: 1 } });
  });

  it('should not replace minutes that came with more trades over REST, and say so', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, MINUTES), origin: ORIGIN });
    await execute();
    const lost = [6, 7].reduce(
      (candles, minute) => candles.with(minute, { ...candles[minute]!, tradeCount: 0, volume: '0' }),
      rows(0, MINUTES),
    );
    ports.archive.put('BTCUSDT', DATE, { candles: lost, origin: ORIGIN });
    expect(await execute()).toMatchObject({ counts: { taken: 0, repeats: MINUTES - 2, revisions: 0 }, leftOut: [] });
    const range = { start: DATE + 6 * MINUTE, end: DATE + 8 * MINUTE };
    expect(ports.history.days.at(-1)?.file?.end.leftOut).toMatchObject([{ ...range, reason: 'fewer_trades' }]);
    expect(asked()).toEqual([]);
    expect(ports.logged).toEqual([
      'archive: 2 rows of BTCUSDT-1m-2026-01-10.zip are left out ' +
        '(the row of 2026-01-10T00:06:00Z: trade count is 0, and the stored minute has 1); the stored minutes stay',
    ]);
  });

  it('should take a day of which there is no daily file from the monthly one', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, MINUTES), origin: ORIGIN });
    const day = ports.archive.days.get(`BTCUSDT ${DATE}`)!;
    ports.archive.days.clear();
    ports.archive.daysOfMonths.set(`BTCUSDT ${DATE}`, {
      ...day,
      file: { ...day.file, name: 'BTCUSDT-1m-2026-01.zip' },
    });
    expect(await execute()).toMatchObject({ kind: 'imported', file: 'BTCUSDT-1m-2026-01.zip', rows: MINUTES });
    expect(asked()).toEqual([]);
  });

  it('should pass a day that is not there on to REST in silence', async () => {
    expect(await execute()).toEqual({ kind: 'unavailable', failure: 'not_found', reason: 'no such day' });
    expect(ports.logged).toEqual([]);
    expect(ports.history.days).toEqual([]);
  });

  it('should say why it believes nothing of a file that does not verify', async () => {
    ports.archive.fault = new ArchiveError('checksum_mismatch', 'X.zip has SHA-256 1, but its checksum file says 2');
    expect(await execute()).toMatchObject({ kind: 'unavailable', failure: 'checksum_mismatch' });
    expect(ports.logged).toEqual([
      'archive: X.zip has SHA-256 1, but its checksum file says 2; the day is asked for over REST',
    ]);
    expect(ports.history.days).toEqual([]);
  });

  it('should not swallow a store that refuses the origin', async () => {
    ports.archive.put('BTCUSDT', DATE, { candles: rows(0, 1), origin: ORIGIN });
    ports.history.fault = new OriginMismatchError('STORAGE_PATH', 'binance', ORIGIN);
    await expect(execute()).rejects.toBeInstanceOf(OriginMismatchError);
  });
});
