import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Clock, StoreNotReadyError, type EpochMicros } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CaptureMetrics } from '../status/capture-metrics';

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_TIMER_MILLIS = 2_147_483_647;
/** Real time that a run in hand has to finish by itself at the end, and after it was told to stop. */
const FINISH_MILLIS = 4_000;
const ABORT_MILLIS = 1_000;

export interface AlignedTask {
  /** Name of the timer in the scheduler registry and label of its metrics. */
  readonly name: string;
  /** Market time between runs: they are due at whole multiples of it since the epoch ... */
  readonly interval: EpochMicros;
  /** ... plus this, from 0 to the interval. */
  readonly offset: EpochMicros;
  /** Whether the first run is at once and not at the first instant. */
  readonly atStart: boolean;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

interface ScheduledTask extends AlignedTask {
  readonly abort: AbortController;
  stopped: boolean;
  /** The instant that the timer waits for, or that the run in hand was due at. */
  due: EpochMicros;
  /** The same on the monotonic counter, as the clock stood when it was planned. */
  dueMonotonic: EpochMicros;
  running: Promise<void> | undefined;
}

/**
 * Runs tasks at instants of market time. A task never overlaps itself: instants that pass while it runs, or while the
 * process sleeps, are skipped and counted. A clock that is set, in either direction, costs an interval at most. An error
 * is logged and ends that run only.
 */
@Injectable()
export class ClockAlignedScheduler implements OnModuleDestroy {
  private readonly tasks = new Set<ScheduledTask>();

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts a task; what is returned stops it, as {@link onModuleDestroy} stops all. */
  start(task: AlignedTask): () => Promise<void> {
    const scheduled: ScheduledTask = {
      ...task,
      abort: new AbortController(),
      stopped: false,
      due: 0,
      dueMonotonic: 0,
      running: undefined,
    };
    this.tasks.add(scheduled);
    const last = this.instantBefore(task);
    if (task.atStart) {
      this.plan(scheduled, last);
      this.launch(scheduled);
    } else {
      this.plan(scheduled, last + task.interval);
      this.arm(scheduled);
    }
    return () => this.stop(scheduled);
  }

  /** Starts nothing more and lets the runs in hand finish, within a time-out. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.tasks].map((task) => this.stop(task)));
  }

  private async stop(task: ScheduledTask): Promise<void> {
    task.stopped = true;
    this.tasks.delete(task);
    this.disarm(task);
    if (!task.running) return;
    await within(FINISH_MILLIS, task.running);
    task.abort.abort();
    await within(ABORT_MILLIS, task.running);
  }

  /** The last instant of the task that is not after now. */
  private instantBefore({ interval, offset }: AlignedTask): EpochMicros {
    return Math.floor((this.clock.now() - offset) / interval) * interval + offset;
  }

  private plan(task: ScheduledTask, due: EpochMicros): void {
    task.due = due;
    task.dueMonotonic = this.clock.monotonicNow() + (due - this.clock.now());
  }

  private arm(task: ScheduledTask): void {
    if (task.stopped) return;
    const millis = Math.min(this.clock.realMillisUntil(task.due), LONGEST_TIMER_MILLIS);
    this.registry.addTimeout(
      task.name,
      setTimeout(() => {
        this.fire(task);
      }, millis),
    );
  }

  private disarm({ name }: ScheduledTask): void {
    if (this.registry.doesExist('timeout', name)) this.registry.deleteTimeout(name);
  }

  private fire(task: ScheduledTask): void {
    this.disarm(task);
    const wait = task.due - this.clock.now();
    if (wait <= 0) {
      this.launch(task);
      return;
    }
    // The clock was set back: its next instant comes sooner than the one that was planned.
    if (wait > task.interval) this.plan(task, this.instantBefore(task) + task.interval);
    this.arm(task);
  }

  private launch(task: ScheduledTask): void {
    task.running = this.run(task).finally(() => {
      task.running = undefined;
    });
  }

  private async run(task: ScheduledTask): Promise<void> {
    try {
      await task.run(task.abort.signal);
    } catch (error) {
      // The store itself says what is the matter.
      const isKnown = task.abort.signal.aborted || error instanceof StoreNotReadyError;
      if (!isKnown) this.logger.error({ task: task.name, err: error }, `${task.name} failed`);
    }
    const late = this.clock.monotonicNow() - task.dueMonotonic;
    this.metrics.skipped(task.name, Math.floor(late / task.interval));
    const next = this.instantBefore(task) + task.interval;
    // Of a clock that was set back meanwhile: the instant that this run was due at does not come a second time.
    this.plan(task, next === task.due ? next + task.interval : next);
    this.arm(task);
  }
}

async function within(millis: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const timeout = delay(millis, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, timeout]);
  timer.abort();
}
