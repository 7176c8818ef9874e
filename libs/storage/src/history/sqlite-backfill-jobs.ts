import { setImmediate as nextTurn } from 'node:timers/promises';
import { BackfillJobs, type BackfillJob, type Clock } from '@app/domain';
import { changeJobUnit, findIn, openJobs, queuedJobs, runUnit, type JobState, type Rows } from '@app/history';
import type { OriginGuard } from '../database/origin-guard';
import type { WriteQueue } from '../database/write-queue';

/** Written in one unit: some milliseconds of the write lock. */
const JOBS_AT_ONCE = 1_000;

/** The list of days to fill, in SQLite. A power cut may take the last changes back, as it may the days themselves. */
export class SqliteBackfillJobs extends BackfillJobs {
  constructor(
    private readonly writes: WriteQueue,
    private readonly rows: Rows,
    private readonly origin: OriginGuard,
    private readonly clock: Clock,
  ) {
    super();
  }

  async queue(jobs: readonly BackfillJob[], origin: string): Promise<void> {
    for (let first = 0; first < jobs.length; first += JOBS_AT_ONCE) {
      await this.write(() => {
        this.origin.claim(origin);
        this.rows.apply([queuedJobs(jobs.slice(first, first + JOBS_AT_ONCE), this.clock.now())]);
      });
    }
  }

  async open(symbols: readonly string[]): Promise<BackfillJob[]> {
    const jobs: BackfillJob[] = [];
    for (const symbol of symbols) {
      jobs.push(...findIn(this.rows, openJobs(symbol)));
      await nextTurn();
    }
    return jobs;
  }

  started(job: BackfillJob): Promise<void> {
    return this.change(job, { state: 'running' });
  }

  done(job: BackfillJob): Promise<void> {
    return this.change(job, { state: 'done' });
  }

  failed(job: BackfillJob, reason: string): Promise<void> {
    return this.change(job, { state: 'failed', reason });
  }

  private change(job: BackfillJob, change: JobState): Promise<void> {
    return this.write(() => {
      runUnit(this.rows, changeJobUnit(job, change, this.clock.now()));
    });
  }

  private write(unit: () => void): Promise<void> {
    return this.writes.run(unit, { durability: 'normal' });
  }
}
