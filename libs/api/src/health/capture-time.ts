import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  ClockAlignment,
  clockStateOf,
  MINUTE,
  parseIsoTime,
  SECOND,
  type ClockState,
  type EpochMicros,
} from '@app/domain';
import { Gauge, LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { askProcess, REMOTE_PROCESSES, type RemoteProcess } from './remote-processes';

/** Real time between two looks at whether the capturing process has to be asked. */
const LOOK_EVERY_MS = 1_000;
/** After an answer without the time, or none. */
const LOOKS_AFTER_FAILURE = 10;
const READ_EVERY: EpochMicros = 10 * MINUTE;
/** What of this process goes by the exchange's time. */
const USED = 'what is served is judged';

/**
 * Keeps the clock of a process that only serves aligned with the exchange's, as the capturing process knows it: what is
 * over, what is newest and how old it is must not be told by another time than it was stamped by. The exchange itself
 * is not asked: an API needs no way to it.
 */
@Injectable()
export class CaptureTime implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> | undefined;
  private looksToPass = 0;
  private said = '';

  constructor(
    private readonly alignment: ClockAlignment,
    @Inject(REMOTE_PROCESSES) private readonly remotes: readonly RemoteProcess[],
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    if (remotes.length === 0) return;
    new Gauge({
      name: 'csp_clock_offset_seconds',
      help: "How far the exchange's clock is ahead of the local one; NaN while it has not been read.",
      registers: [metrics],
      collect() {
        this.set((alignment.offset()?.offset ?? NaN) / SECOND);
      },
    });
  }

  onApplicationBootstrap(): void {
    if (this.remotes.length === 0) return;
    this.look();
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** How the local clock stands; undefined where this process captures and says so itself. */
  state(): ClockState | undefined {
    return this.remotes.length === 0 ? undefined : clockStateOf(this.alignment, '', USED);
  }

  private look(): void {
    if (this.reading) return;
    if (this.looksToPass > 0) {
      this.looksToPass -= 1;
      return;
    }
    const offset = this.alignment.offset();
    if (offset !== undefined && !this.alignment.stepped && offset.age < READ_EVERY) return;
    this.reading = this.read().finally(() => {
      this.reading = undefined;
    });
  }

  private async read(): Promise<void> {
    for (const remote of this.remotes) {
      const sentAt = this.alignment.monotonicNow();
      const { status } = await askProcess(remote);
      const receivedAt = this.alignment.monotonicNow();
      const time = exchangeTimeOf(status);
      if (time === undefined) continue;
      this.alignment.align({ time, sentAt, receivedAt });
      this.say();
      return;
    }
    this.looksToPass = LOOKS_AFTER_FAILURE;
  }

  private say(): void {
    const { state, detail } = clockStateOf(this.alignment, '', USED);
    if (state === this.said) return;
    if (state !== 'ok') this.logger.warn({ clock: state }, detail);
    else if (this.said !== '') this.logger.info({ clock: state }, "the local clock agrees with the exchange's again");
    this.said = state;
  }
}

/** The exchange's time in what a process says of itself; undefined where it does not know it. */
function exchangeTimeOf(answer: unknown): EpochMicros | undefined {
  const { capture, clock = (capture as { clock?: unknown } | undefined)?.clock } = (answer ?? {}) as {
    capture?: unknown;
    clock?: unknown;
  };
  const { exchange_time: time } = (clock ?? {}) as { exchange_time?: unknown };
  return typeof time === 'string' ? parseIsoTime(time) : undefined;
}
