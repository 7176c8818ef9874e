import { BackfillJobs, DAY, floorTo, OriginMismatchError, type BackfillJob } from '@app/domain';

interface KnownJob extends BackfillJob {
  state: 'queued' | 'running' | 'done' | 'failed';
  reason: string | null;
}

/** The list of days to fill, in memory. */
export class FakeBackfillJobs extends BackfillJobs {
  /** By symbol and day, in the order in which they were queued. */
  readonly jobs = new Map<string, KnownJob>();
  private origin: string | undefined;

  async queue(jobs: readonly BackfillJob[], origin: string): Promise<void> {
    await Promise.resolve();
    this.origin ??= origin;
    if (this.origin !== origin) throw new OriginMismatchError('STORAGE_PATH', this.origin, origin);
    for (const job of jobs) this.jobs.set(keyOf(job), { ...job, state: 'queued', reason: null });
  }

  open(symbols: readonly string[]): Promise<BackfillJob[]> {
    const open = [...this.jobs.values()].filter(({ state }) => state === 'queued' || state === 'running');
    open.sort((a, b) => a.range.start - b.range.start);
    const jobs = symbols.flatMap((symbol) => open.filter((job) => job.symbol === symbol));
    return Promise.resolve(jobs.map(({ symbol, range }) => ({ symbol, range })));
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

  private change(job: BackfillJob, state: KnownJob['state'], reason: string | null): Promise<void> {
    const known = this.jobs.get(keyOf(job));
    if (known) Object.assign(known, { state, reason });
    return Promise.resolve();
  }
}

function keyOf({ symbol, range }: BackfillJob): string {
  return `${symbol} ${floorTo(range.start, DAY)}`;
}
