import { DAY, floorTo, type BackfillJob, type EpochMicros } from '@app/domain';
import { describeTable, pickColumns, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type RowChange, type Unit, type WrittenRows } from '../rows/unit';

/** Days of symbols that somebody asked to have filled, and what became of that. */
export const BACKFILL_JOBS = describeTable('backfill_jobs', ['symbol', 'day'], {
  symbol: 'text',
  day: 'time',
  startTime: 'time',
  endTime: 'time',
  state: 'text',
  reason: 'text?',
  changedAt: 'time',
});

/** All jobs of a symbol are read for those that are open: thousands, where it has years. */
const JOB_STATES = pickColumns(BACKFILL_JOBS, ['symbol', 'day', 'startTime', 'endTime', 'state']);

type BackfillJobRow = RowOf<typeof BACKFILL_JOBS>;

/** What became of a job; `reason` of one that failed, in one line. */
export type JobState =
  { readonly state: 'queued' | 'running' | 'done' } | { readonly state: 'failed'; readonly reason: string };

/** Queues jobs, each day once, whatever became of earlier ones of the same symbols and days. */
export function queuedJobs(jobs: readonly BackfillJob[], now: EpochMicros): RowChange {
  const rows = new Map<string, BackfillJobRow>();
  for (const job of jobs) {
    const row = jobRow(job, { state: 'queued' }, now);
    rows.set(`${row.day} ${row.symbol}`, row);
  }
  return { kind: 'put', table: BACKFILL_JOBS, rows: [...rows.values()] } satisfies WrittenRows<BackfillJobRow>;
}

/** Notes what has become of a job, unless nobody has queued it. The part of the day stays as it was queued last. */
export function* changeJobUnit({ symbol, range }: BackfillJob, change: JobState, now: EpochMicros): Unit<void> {
  const [[row]] = yield* ask(byKeys(BACKFILL_JOBS, [[symbol, floorTo(range.start, DAY)]]));
  const rows = row ? [jobRow(jobOf(row), change, now)] : [];
  return {
    outcome: undefined,
    changes: [{ kind: 'put', table: BACKFILL_JOBS, rows } satisfies WrittenRows<BackfillJobRow>],
  };
}

/** Finds the jobs of a symbol that are still to be done, oldest first: one that was running may have died with its process. */
export function* openJobs(symbol: string): Inquiry<readonly BackfillJob[]> {
  const [[rows = []]] = yield* ask(inRanges(JOB_STATES, [{ prefix: [symbol] }]));
  return rows.filter(({ state }) => state === 'queued' || state === 'running').map(jobOf);
}

function jobRow({ symbol, range }: BackfillJob, change: JobState, changedAt: EpochMicros): BackfillJobRow {
  return {
    symbol,
    day: floorTo(range.start, DAY),
    startTime: range.start,
    endTime: range.end,
    state: change.state,
    reason: change.state === 'failed' ? change.reason : null,
    changedAt,
  };
}

function jobOf({ symbol, startTime, endTime }: Pick<BackfillJobRow, 'symbol' | 'startTime' | 'endTime'>): BackfillJob {
  return { symbol, range: { start: startTime, end: endTime } };
}
