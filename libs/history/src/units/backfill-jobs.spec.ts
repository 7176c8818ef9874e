import { DAY, HOUR, type BackfillJob } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { BACKFILL_JOBS, changeJobUnit, openJobs, queuedJobs, type JobState } from './backfill-jobs';

const FIRST = Date.UTC(2026, 0, 15) * 1_000;

const job = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', '币安人生USDT'),
    day: fc.integer({ min: 0, max: 4 }),
    hours: fc.integer({ min: 0, max: 23 }),
  })
  .map(({ symbol, day, hours }): BackfillJob => ({
    symbol,
    range: { start: FIRST + day * DAY + hours * HOUR, end: FIRST + (day + 1) * DAY },
  }));

const change = fc.constantFrom<JobState>(
  { state: 'running' },
  { state: 'done' },
  { state: 'failed', reason: 'no answer' },
);

const step = fc.oneof(fc.record({ queued: fc.array(job, { maxLength: 4 }) }), fc.record({ job, change }));

const keyOf = ({ symbol, range }: BackfillJob): string => `${symbol} ${Math.floor(range.start / DAY)}`;

describe('days to fill', () => {
  it('should be open, oldest first, from when they were queued last until they were done or failed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const rows = new MemoryRows();
        const known = new Map<
          string,
          { job: BackfillJob; state: JobState['state']; reason: string | null; at: number }
        >();
        for (const [at, one] of steps.entries()) {
          if ('queued' in one) {
            rows.apply([queuedJobs(one.queued, at)]);
            for (const queued of one.queued)
              known.set(keyOf(queued), { job: queued, state: 'queued', reason: null, at });
            continue;
          }
          runUnit(rows, changeJobUnit(one.job, one.change, at));
          const { state } = one.change;
          const reason = one.change.state === 'failed' ? one.change.reason : null;
          const before = known.get(keyOf(one.job));
          if (before) known.set(keyOf(one.job), { ...before, state, reason, at });
        }
        const expected = [...known.values()].sort((a, b) => a.job.range.start - b.job.range.start);
        for (const symbol of ['BTCUSDT', '币安人生USDT']) {
          expect(runUnit(rows, findOnly(openJobs(symbol)))).toEqual(
            expected
              .filter((one) => one.job.symbol === symbol && (one.state === 'queued' || one.state === 'running'))
              .map((one) => one.job),
          );
        }
        expect(new Map(rows.all(BACKFILL_JOBS).map((row) => [`${row.symbol} ${row.day / DAY}`, row]))).toEqual(
          new Map(
            expected.map(({ job: { symbol, range }, state, reason, at }) => [
              keyOf({ symbol, range }),
              {
                symbol,
                day: Math.floor(range.start / DAY) * DAY,
                startTime: range.start,
                endTime: range.end,
                state,
                reason,
                changedAt: at,
              },
            ]),
          ),
        );
      }),
    );
  });

  it('should be queued once each, in a plan that any store can carry out', () => {
    const [symbol, end] = ['BTCUSDT', FIRST + DAY];
    const change = queuedJobs(
      [FIRST, FIRST + HOUR].map((start) => ({ symbol, range: { start, end } })),
      1,
    );
    expect(change).toMatchObject({ kind: 'put', rows: [{ symbol, day: FIRST, startTime: FIRST + HOUR }] });
  });
});
