import { setTimeout as delay } from 'node:timers/promises';
import {
  formatMillisTime,
  healthReason,
  isAborted,
  StoreNotReadyError,
  type Clock,
  type EpochMicros,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { BackgroundJob, JobReport, JobResult } from './background-job';
import type { JobTimer } from './job-timer';

/** Real time that a run in hand has to finish by itself when the job is stopped, and after it was told to end. */
const FINISH_MS = 4_000;
const ABORT_MS = 1_000;
const MINUTE_MS = 60_000;

interface LastRun {
  readonly at: EpochMicros;
  readonly result: 'ok' | 'failed';
  readonly seconds: number;
}

/** A job that is started and stopped, any number of times. It never overlaps itself. */
export class Job {
  private ending = new AbortController();
  private started = false;
  private running: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  /** Of the run in hand, on the monotonic counter of the process. */
  private begunAt = 0;
  private last: LastRun | undefined;

  constructor(
    private readonly job: BackgroundJob,
    /** Undefined where the job is switched off. */
    private readonly timer: JobTimer | undefined,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get isStarted(): boolean {
    return this.started;
  }

  get scope(): BackgroundJob['scope'] {
    return this.job.scope;
  }

  /** Changes nothing of a job that is started, or switched off. */
  start(): void {
    if (this.started || !this.timer) return;
    this.started = true;
    this.stopping = undefined;
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.timer.start(() => this.launch(signal));
  }

  /** Runs no more, and lets the run in hand finish, within a time-out; that passes once, however often it is stopped. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  report(): JobReport {
    const { name, scope } = this.job;
    return {
      name,
      scope,
      state: this.state(),
      last_run_at: timeOrNull(this.last?.at),
      last_result: this.last?.result ?? null,
      last_seconds: this.last?.seconds ?? null,
      next_run_at: timeOrNull(this.timer?.next()),
    };
  }

  /** That the run in hand takes too long, in words; empty while it does not. */
  note(): string {
    const { name, hangsAfterMs } = this.job;
    const millis = performance.now() - this.begunAt;
    if (!this.running || hangsAfterMs === null || millis <= hangsAfterMs) return '';
    return healthReason`the job ${name} has been running for ${Math.floor(millis / MINUTE_MS)} min: it hangs, or has too much to do`;
  }

  private async end(): Promise<void> {
    this.started = false;
    this.timer?.stop();
    const { running, ending } = this;
    if (running && !this.job.endsAtOnce) await within(FINISH_MS, running);
    ending.abort();
    if (running) await within(this.job.endsAtOnce ? FINISH_MS : ABORT_MS, running);
  }

  private state(): JobReport['state'] {
    if (!this.timer) return 'off';
    if (this.running) return 'running';
    if (!this.started) return 'stopped';
    return this.timer.next() === null ? 'done' : 'waiting';
  }

  /** A run that has not ended since before a stop is waited for first. */
  private launch(signal: AbortSignal): Promise<void> {
    const run = this.running ? this.running.then(() => this.run(signal)) : this.run(signal);
    const running = run.finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.job.mayRun?.() === false) return;
    const at = this.clock.now();
    this.begunAt = performance.now();
    const result = await this.resultOf(signal);
    if (result === 'idle' || isAborted(signal)) return;
    this.last = { at, result, seconds: Math.round(performance.now() - this.begunAt) / 1_000 };
  }

  private async resultOf(signal: AbortSignal): Promise<JobResult> {
    const { name, run } = this.job;
    try {
      return await run(signal);
    } catch (error) {
      // The store itself says what is the matter.
      const isKnown = signal.aborted || error instanceof StoreNotReadyError;
      if (!isKnown) this.logger.error({ task: name, err: error }, `${name} failed`);
      return 'failed';
    }
  }
}

function timeOrNull(time: EpochMicros | null | undefined): string | null {
  return time === null || time === undefined ? null : formatMillisTime(time);
}

async function within(millis: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const timeout = delay(millis, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, timeout]);
  timer.abort();
}
