import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import { BackfillJobs, DAY, HistoryStore, HOUR, MILLISECOND, OriginMismatchError, type BackfillJob } from '@app/domain';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { StorageHistoryModule } from '@app/storage';
import { FakeClock } from '@app/testing';
import { readTable } from '../support/history-tables';

const FIRST_DAY = Date.UTC(2024, 0, 1) * MILLISECOND;

interface JobRow {
  readonly symbol: string;
  readonly state: string;
  readonly reason: string | null;
}

function jobsOf(symbol: string, days: number): BackfillJob[] {
  return Array.from({ length: days }, (_, index) => {
    const start = FIRST_DAY + index * DAY;
    return { symbol, range: { start: index === 0 ? start + 4 * HOUR : start, end: start + DAY } };
  });
}

describe('backfill jobs in SQLite', () => {
  let folder: string;
  let module: TestingModule;
  const jobs = (): BackfillJobs => module.get(BackfillJobs);

  async function open(): Promise<void> {
    const config = loadConfig({ STORAGE_PATH: 'app.db', RAW_DIR: 'raw', INGEST_STATE_DIR: 'ingest' }, folder);
    module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(new FakeClock(FIRST_DAY + 900 * DAY)),
        ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
        StorageHistoryModule,
      ],
    }).compile();
    await module.init();
  }

  const stored = (): JobRow[] => readTable(join(folder, 'app.db'), 'backfill_jobs');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'csp-jobs-'));
    await open();
  });

  afterEach(async () => {
    await module.close();
    rmSync(folder, { recursive: true });
  });

  it('should keep every state over a restart, and offer what was running again', async () => {
    const [first, second, third, ...others] = jobsOf('BTCUSDT', 800);
    await jobs().queue([...jobsOf('ETHUSDT', 700), ...jobsOf('BTCUSDT', 800)], 'binance');
    await jobs().done(first!);
    await jobs().failed(second!, '7 minutes are missing: timed out');
    await jobs().started(third!);
    await module.close();
    await open();
    expect(await jobs().open(['BTCUSDT'])).toEqual([third, ...others]);
    expect(await jobs().open(['ETHUSDT', 'BTCUSDT'])).toEqual([...jobsOf('ETHUSDT', 700), third, ...others]);
    const counts: Record<string, number> = {};
    for (const { symbol, state, reason } of stored()) {
      if (symbol === 'BTCUSDT') counts[`${state} ${reason}`] = (counts[`${state} ${reason}`] ?? 0) + 1;
    }
    expect(counts).toEqual({
      'done null': 1,
      'failed 7 minutes are missing: timed out': 1,
      'queued null': 797,
      'running null': 1,
    });
  });

  it('should queue a day anew whatever became of it, with the range asked for last', async () => {
    const [day] = jobsOf('BTCUSDT', 1);
    await jobs().queue([day!], 'binance');
    await jobs().failed(day!, 'timed out');
    const whole = { symbol: 'BTCUSDT', range: { start: FIRST_DAY, end: FIRST_DAY + DAY } };
    await jobs().queue([whole], 'binance');
    expect(await jobs().open(['BTCUSDT'])).toEqual([whole]);
    expect(stored().map(({ state, reason }) => [state, reason])).toEqual([['queued', null]]);
  });

  it('should refuse jobs for data of another origin', async () => {
    await jobs().queue(jobsOf('BTCUSDT', 1), 'binance');
    await expect(jobs().queue(jobsOf('ETHUSDT', 1), 'simulator:1')).rejects.toBeInstanceOf(OriginMismatchError);
    expect(stored().map(({ symbol }) => symbol)).toEqual(['BTCUSDT']);
  });

  it('should let a ledger begin earlier, never later', async () => {
    const history = module.get(HistoryStore);
    for (const start of [FIRST_DAY + DAY, FIRST_DAY, FIRST_DAY + 2 * DAY]) {
      await history.extendLedger('BTCUSDT', start, 'binance');
    }
    expect(readTable(join(folder, 'app.db'), 'symbols')).toMatchObject([
      { symbol: 'BTCUSDT', ledger_start: FIRST_DAY },
    ]);
    await expect(history.extendLedger('BTCUSDT', 0, 'simulator:1')).rejects.toBeInstanceOf(OriginMismatchError);
  });
});
