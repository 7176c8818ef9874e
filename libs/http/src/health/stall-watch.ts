import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { formatBucketTime, healthReason, type Clock } from '@app/domain';
import { Counter, type Logger, type MetricsRegistry } from '@app/observability';

/** Real time between two beats. */
const BEAT_MS = 1_000;
/** From which delay of a beat on it is told; a busy machine delays beats by less. */
const STALL_MS = 5_000;
/** How long a stall goes on being told. */
const TELL_FOR_MS = 3_600_000;
/** From which share of the time in which the process was computing on, that is what kept it. */
const BUSY_SHARE = 0.5;

/** Milliseconds on a monotonic counter, and of processor time that the process has used. */
export interface StallSource {
  readonly monotonic: () => number;
  readonly processor: () => number;
}

const MACHINE: StallSource = {
  monotonic: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

interface Reading {
  readonly monotonic: number;
  readonly processor: number;
}

/**
 * Notices that the process stood still: it was frozen, or one call took all of its time. It can say so only afterwards;
 * while it lasts, other processes notice that it does not answer.
 */
export class StallWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stalls: Counter;
  private readonly stalledSeconds: Counter;
  private timer: NodeJS.Timeout | undefined;
  private last: Reading;
  private told: { readonly text: string; readonly until: number } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    metrics: MetricsRegistry,
    private readonly source: StallSource = MACHINE,
  ) {
    const registers = [metrics];
    this.stalls = new Counter({
      name: 'csp_process_stalls_total',
      help: 'Times the process stood still for five seconds or longer.',
      registers,
    });
    this.stalledSeconds = new Counter({
      name: 'csp_process_stalled_seconds_total',
      help: 'How long the process stood still in all, of stalls of five seconds or longer.',
      registers,
    });
    this.last = this.read();
  }

  onApplicationBootstrap(): void {
    this.last = this.read();
    this.timer = setInterval(() => {
      this.beat();
    }, BEAT_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** The last stall of the past hour. */
  notes(): readonly string[] {
    return this.told && this.source.monotonic() < this.told.until ? [this.told.text] : [];
  }

  private beat(): void {
    const [before, now] = [this.last, this.read()];
    this.last = now;
    const stood = now.monotonic - before.monotonic - BEAT_MS;
    if (stood < STALL_MS) return;
    const seconds = Math.round(stood / 1_000);
    const isBusy = now.processor - before.processor > stood * BUSY_SHARE;
    const why = isBusy ? 'one piece of work took all of its time' : 'it was frozen, or waited for a disk';
    const until = formatBucketTime(this.clock.realNow());
    const text = healthReason`the process stood still for ${seconds} s until ${until}: ${why}`;
    this.told = { text, until: now.monotonic + TELL_FOR_MS };
    this.stalls.inc();
    this.stalledSeconds.inc(stood / 1_000);
    this.logger.warn({ stalled_seconds: seconds }, text);
  }

  private read(): Reading {
    return { monotonic: this.source.monotonic(), processor: this.source.processor() };
  }
}
