import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock, EpochMicros } from '@app/domain';
import type { JobTimes } from './background-job';
import type { JobMetrics } from './job-metrics';
import { JobTimer } from './job-timer';

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Fires at instants of market time. Instants that pass while the job runs, or while the process sleeps, are skipped and
 * counted. A clock that is set, in either direction, costs an interval at most.
 */
export class InstantTimer extends JobTimer {
  private isStopped = true;
  /** Counts the starts: a run of an earlier one, that ends late, plans nothing. */
  private starts = 0;
  private isFiring = false;
  /** The instant that is waited for, or that the run in hand was due at. */
  private due: EpochMicros = 0;
  /** The same on the monotonic counter, as the clock stood when it was planned. */
  private dueMonotonic: EpochMicros = 0;
  private fireJob: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly times: Extract<JobTimes, { kind: 'instants' }>,
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
    private readonly metrics: JobMetrics,
  ) {
    super();
  }

  start(fire: () => Promise<void>): void {
    this.isStopped = false;
    this.starts += 1;
    this.fireJob = fire;
    const last = this.instantBefore();
    if (this.times.atStart) {
      this.plan(last);
      void this.fire(true);
    } else {
      this.plan(last + this.times.interval);
      this.arm();
    }
  }

  stop(): void {
    this.isStopped = true;
    this.disarm();
  }

  next(): EpochMicros | null {
    if (this.isStopped) return null;
    return this.isFiring ? this.instantBefore() + this.times.interval : this.due;
  }

  /** The last instant that is not after now. */
  private instantBefore(): EpochMicros {
    const { interval, offset } = this.times;
    return Math.floor((this.clock.now() - offset) / interval) * interval + offset;
  }

  private plan(due: EpochMicros): void {
    this.due = due;
    this.dueMonotonic = this.clock.monotonicNow() + (due - this.clock.now());
  }

  private arm(): void {
    if (this.isStopped) return;
    const longest = Math.min(this.times.lookEveryMs ?? LONGEST_TIMER_MS, LONGEST_TIMER_MS);
    const millis = Math.min(this.clock.realMillisUntil(this.due), longest);
    this.registry.addTimeout(
      this.name,
      setTimeout(() => {
        this.wake();
      }, millis),
    );
  }

  private disarm(): void {
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }

  private wake(): void {
    this.disarm();
    const { interval, lookEveryMs } = this.times;
    const wait = this.due - this.clock.now();
    if (wait <= 0) {
      void this.fire(true);
      return;
    }
    // The clock was set back: its next instant comes sooner than the one that was planned.
    if (wait > interval) this.plan(this.instantBefore() + interval);
    if (lookEveryMs === undefined) this.arm();
    else void this.fire(false);
  }

  private async fire(isDue: boolean): Promise<void> {
    const { interval } = this.times;
    const { starts } = this;
    this.isFiring = true;
    await this.fireJob();
    if (this.starts !== starts) return;
    this.isFiring = false;
    if (this.isStopped) return;
    const late = this.clock.monotonicNow() - this.dueMonotonic;
    this.metrics.skipped(this.name, Math.floor(late / interval));
    const next = this.instantBefore() + interval;
    // Of a clock that was set back meanwhile: the instant that this run was due at does not come a second time.
    this.plan(isDue && next === this.due ? next + interval : next);
    this.arm();
  }
}
