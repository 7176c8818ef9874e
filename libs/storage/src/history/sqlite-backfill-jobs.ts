import { BackfillJobs, DAY, floorTo, type BackfillJob, type Clock } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { OriginGuard } from '../database/origin-guard';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';

type JobState = 'queued' | 'running' | 'done' | 'failed';

interface OpenJobRow {
  readonly start_time: number;
  readonly end_time: number;
}

/** Written in one unit: some milliseconds of the write lock. */
const JOBS_AT_ONCE = 1_000;

/** The list of days to fill, in SQLite. A power cut may take the last changes back, as it may the days themselves. */
export class SqliteBackfillJobs extends BackfillJobs {
  private readonly upsert: Statement<[string, number, number, number, number]>;
  private readonly update: Statement<[JobState, string | null, number, string, number]>;
  private readonly selectOpen: Statement<[string], OpenJobRow>;

  constructor(
    private readonly writes: WriteQueue,
    database: SqliteHandle,
    private readonly origin: OriginGuard,
    private readonly clock: Clock,
  ) {
    super();
    this.upsert = database.prepare(
      `INSERT INTO backfill_jobs (symbol, day, start_time, end_time, state, changed_at) VALUES (?, ?, ?, ?, 'queued', ?)
       ON CONFLICT (symbol, day) DO UPDATE SET start_time = excluded.start_time, end_time = excluded.end_time,
         state = excluded.state, reason = NULL, changed_at = excluded.changed_at`,
    );
    this.update = database.prepare(
      'UPDATE backfill_jobs SET state = ?, reason = ?, changed_at = ? WHERE symbol = ? AND day = ?',
    );
    this.selectOpen = database.prepare(
      `SELECT start_time, end_time FROM backfill_jobs WHERE symbol = ? AND state IN ('queued', 'running') ORDER BY day`,
    );
  }

  async queue(jobs: readonly BackfillJob[], origin: string): Promise<void> {
    for (let first = 0; first < jobs.length; first += JOBS_AT_ONCE) {
      await this.write(() => {
        this.origin.claim(origin);
        for (const { symbol, range } of jobs.slice(first, first + JOBS_AT_ONCE)) {
          this.upsert.run(symbol, floorTo(range.start, DAY), range.start, range.end, this.clock.now());
        }
      });
    }
  }

  open(symbols: readonly string[]): Promise<BackfillJob[]> {
    const jobs = symbols.flatMap((symbol) =>
      this.selectOpen.all(symbol).map((row) => ({ symbol, range: { start: row.start_time, end: row.end_time } })),
    );
    return Promise.resolve(jobs);
  }

  started(job: BackfillJob): Promise<void> {
    return this.change(job, 'running', null);
  }

  done(job: BackfillJob): Promise<void> {
    return this.change(job, 'done', null);
  }

  failed(job: BackfillJob, reason: string): Promise<void> {
    return this.change(job, 'failed', reason);
  }

  private change({ symbol, range }: BackfillJob, state: JobState, reason: string | null): Promise<void> {
    return this.write(() => {
      this.update.run(state, reason, this.clock.now(), symbol, floorTo(range.start, DAY));
    });
  }

  private write(unit: () => void): Promise<void> {
    return this.writes.run(unit, { durability: 'normal' });
  }
}
