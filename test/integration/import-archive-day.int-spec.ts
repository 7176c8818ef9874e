import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { BinanceModule } from '@app/binance';
import { CaptureModule, ImportArchiveDayUseCase, type ArchiveDayOutcome } from '@app/capture';
import { ClockModule, createClock } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import { DAY, MILLISECOND, MINUTE } from '@app/domain';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { StorageHistoryModule } from '@app/storage';
import { ExchangeSimulator } from '../support/exchange-simulator';
import { readTables } from '../support/history-tables';
import { marketAt } from '../support/stack';

const DATE = Date.UTC(2026, 2, 17) * MILLISECOND;
const REST = { route: '/api/v3/klines' };

describe('a day from the archive, through client and store', () => {
  let simulator: ExchangeSimulator;
  let folder: string;
  let module: TestingModule;

  const importDay = (symbol = 'BTCUSDT'): Promise<ArchiveDayOutcome> =>
    module.get(ImportArchiveDayUseCase).execute(symbol, { start: DATE, end: DATE + DAY }, new AbortController().signal);
  const tables = (): Record<string, unknown[]> => readTables(join(folder, 'app.db'));
  /** Minutes of the day with a row, with trades or without, and minutes that the exchange stopped. */
  const account = (): { stored: number; stopped: number } => {
    const [day] = tables()['coverage_days'] as { captured: number; quiet: number; stopped: number }[];
    return { stored: (day?.captured ?? 0) + (day?.quiet ?? 0), stopped: day?.stopped ?? 0 };
  };

  beforeEach(async () => {
    simulator = await ExchangeSimulator.start('--clock-origin', marketAt(new Date('2026-03-18T13:37:43Z')));
    folder = mkdtempSync(join(tmpdir(), 'csp-archive-day-'));
    const variables = {
      BINANCE_REST_URLS: simulator.url,
      STORAGE_PATH: 'app.db',
      RAW_DIR: 'raw',
      INGEST_STATE_DIR: 'ingest',
    };
    const clock = await createClock({ clock: 'simulator', restUrls: [simulator.url] });
    module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(loadConfig(variables, folder)),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
        CaptureModule.onDemand({
          process: 'test',
          capture: ['candles'],
          imports: [BinanceModule.forRoot(), StorageHistoryModule],
        }),
      ],
    }).compile();
  });

  afterEach(async () => {
    await module.close();
    await simulator.stop();
    rmSync(folder, { recursive: true });
  });

  it('should need two files and no klines of REST for a whole day', async () => {
    expect(await importDay()).toMatchObject({ kind: 'imported', rows: 1_440, rowsOverRest: 0, unresolved: [] });
    expect(await simulator.requests()).toEqual({ '/data/spot': 2 });
    expect(account()).toEqual({ stored: 1_440, stopped: 0 });
  });

  it('should end with the same numbers from a truncated day and REST as from the whole day', async () => {
    await simulator.setFaults({ kind: 'archive-truncated', end: '2026-03-17T07:36:00Z' });
    expect(await importDay()).toMatchObject({ rows: 456, rowsOverRest: 984, unresolved: [] });
    const [partly] = tables()['candles_1d'] as Record<string, unknown>[];
    await simulator.setFaults();
    expect(await importDay()).toMatchObject({ rows: 1_440, counts: { taken: 0, repeats: 1_440, revisions: 0 } });
    expect(tables()['candles_1d']).toEqual([partly]);
    expect(account()).toEqual({ stored: 1_440, stopped: 0 });
  });

  it('should record a stop only when REST has no rows either and later ones exist', async () => {
    const start = DATE / MILLISECOND + 600 * 60_000;
    await simulator.setFaults({ kind: 'absent', symbol: 'BTCUSDT', start, end: start + 255 * 60_000 });
    expect(await importDay()).toMatchObject({ rows: 1_185, rowsOverRest: 0, unresolved: [] });
    expect(account()).toEqual({ stored: 1_185, stopped: 255 });
    expect(tables()['coverage']).toContainEqual(
      expect.objectContaining({ state: 'stopped', start_time: DATE + 600 * MINUTE, end_time: DATE + 855 * MINUTE }),
    );
  });

  it('should leave missing what REST cannot be asked for', async () => {
    await simulator.setFaults(
      { kind: 'archive-truncated', end: '2026-03-17T23:00:00Z' },
      { kind: 'status', ...REST, status: 400, body: { code: -1000, msg: 'x' } },
    );
    expect(await importDay()).toMatchObject({
      rows: 1_380,
      rowsOverRest: 0,
      unresolved: [{ start: DATE + 1_380 * MINUTE, end: DATE + DAY }],
      restFailure: { message: expect.stringContaining('HTTP 400') as string },
    });
    expect(account()).toEqual({ stored: 1_380, stopped: 0 });
  });

  it('should write nothing of a file that does not verify', async () => {
    await simulator.setFaults({ kind: 'archive-checksum' });
    expect(await importDay()).toMatchObject({ kind: 'unavailable', failure: 'checksum_mismatch' });
    expect(tables()['candles_1m']).toEqual([]);
  });
});
