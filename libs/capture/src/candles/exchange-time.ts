import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  CLOCK_FOLLOW,
  Clock,
  ClockAlignment,
  Exchange,
  ExchangeError,
  GrowingPause,
  isExchangeWide,
  MINUTE,
  SECOND,
  type EpochMicros,
  type MinuteCandle,
  type ServerTime,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { Refusals } from '../refusals/refusals';
import { Pauses } from '../schedule/pauses';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';

const MEASURE_EVERY: EpochMicros = 10 * MINUTE;
/** Two readings agree when the exchange's clock ran between them as far as ours did, give or take this. */
const AGREEMENT: EpochMicros = SECOND;

/** Real milliseconds between attempts at the first reading; with the last of them capture begins without one. */
const FIRST_WAITS = [1_000, 2_000, 4_000, 8_000];
const LONGEST_HOLD_MS = 15_000;
/** Real milliseconds that a later reading holds anybody up. */
const LONGEST_WAIT_MS = 2_000;
/** Real milliseconds between two readings of which the second has to confirm the first. */
const CONFIRM_AFTER_MS = 2_000;

/**
 * Keeps the clock of the process aligned with the exchange's: it is read at the start, every ten minutes, and when the
 * local clock was set. Nothing is captured before the first reading, unless the exchange does not answer that question.
 */
@Injectable()
export class ExchangeTime implements OnModuleDestroy {
  private readonly abort = new AbortController();
  /** The first reading, and how long it is waited for (`performance.now`). */
  private opening: Promise<void> | undefined;
  private openedBy = 0;
  /** The reading under way, and how long it is waited for (`performance.now`). */
  private measuring: Promise<void> | undefined;
  private measuredBy = 0;
  /** After readings that failed. */
  private readonly pause: GrowingPause;
  private said = '';
  /** Readings that were due because the local clock was set. */
  private steps = 0;
  /** Newest minute that the exchange has given a row of: it had begun by then. */
  private newestMinute: EpochMicros = -Infinity;

  constructor(
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly alignment: ClockAlignment,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly status: CaptureStatus,
    private readonly pauses: Pauses,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.pause = new GrowingPause(clock, MINUTE, { aligned: false });
  }

  /** The exchange's time as far as it can be trusted to say that a minute is over: never ahead of our own clock. */
  now(): EpochMicros {
    return Math.min(this.clock.now(), this.alignment.exchangeNow());
  }

  /** Every row of a minute says that the exchange's clock had come to its begin. */
  saw(rows: readonly Pick<MinuteCandle, 'openTime'>[]): void {
    for (const { openTime } of rows) this.newestMinute = Math.max(this.newestMinute, openTime);
  }

  /**
   * Until when minutes are over for certain. Where the exchange does not tell its time, our own clock proves nothing: it
   * may be ahead, and a minute that is under way would be taken for a closed one. The row of a later minute does.
   */
  get closedUntil(): EpochMicros {
    return this.isKnown ? this.now() : Math.min(this.now(), this.newestMinute);
  }

  /** Whether the exchange has told its time to this process. */
  get isKnown(): boolean {
    return this.alignment.offset() !== undefined;
  }

  /**
   * Resolves when something may be captured: the clock is aligned, or the exchange does not tell its time, for which
   * nothing waits longer than 15 s, once; it is asked again then. Resolves when the signal ends the wait, too.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    if (!this.isKnown) await this.first(signal);
    if (!this.isDue) return;
    const measured = this.measure();
    await this.untilReal(this.measuredBy, measured, signal);
  }

  /**
   * Asks the exchange something when it may be captured. Where the clock was set while the question was on its way, nobody
   * knows when the answer came: it is asked again, once.
   */
  async ask<T>(question: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.ready(signal);
    const { stepped } = this.alignment;
    const { steps } = this;
    const answer = await question();
    // Others may have noticed it, and read the exchange's clock, before the answer came.
    const wasSet = this.alignment.stepped || this.steps > steps;
    if (stepped || !wasSet) return answer;
    await this.ready(signal);
    return question();
  }

  onModuleDestroy(): void {
    this.abort.abort();
  }

  private get isDue(): boolean {
    const offset = this.alignment.offset();
    const wanted = offset === undefined || this.alignment.stepped || offset.age >= MEASURE_EVERY;
    return wanted && this.pause.isOver;
  }

  /** Waits for the first reading, which is tried several times; not again once that took too long. */
  private async first(signal: AbortSignal | undefined): Promise<void> {
    if (!this.opening) {
      this.openedBy = performance.now() + LONGEST_HOLD_MS;
      this.opening = this.open();
    }
    await this.untilReal(this.openedBy, this.opening, signal);
  }

  private async open(): Promise<void> {
    const { signal } = this.abort;
    await this.measure();
    for (const millis of FIRST_WAITS) {
      if (this.isKnown || signal.aborted) break;
      await this.pauses.wait(millis, signal);
      await this.measure();
    }
    this.openedBy = -Infinity;
  }

  private async untilReal(deadline: number, work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const millis = deadline - performance.now();
    if (millis > 0) await this.pauses.atMost(millis, work, signal);
  }

  private measure(): Promise<void> {
    if (!this.measuring) {
      this.measuredBy = performance.now() + LONGEST_WAIT_MS;
      this.measuring = this.read().finally(() => {
        this.measuring = undefined;
      });
    }
    return this.measuring;
  }

  private async read(): Promise<void> {
    const { signal } = this.abort;
    try {
      const reading = await this.confirmed();
      if (this.alignment.stepped) this.steps += 1;
      this.alignment.align(reading);
      this.faults.answered();
      this.pause.succeeded();
      this.refusals.answered('server time', []);
      this.status.clockRefused('');
      this.say();
    } catch (error) {
      if (signal.aborted) return;
      this.failed(error);
    }
  }

  /** A reading that is far from what was expected is believed when a second one agrees with it. */
  private async confirmed(): Promise<ServerTime> {
    const first = await this.serverTime();
    if (Math.abs(first.time - this.expectedAt(first)) <= CLOCK_FOLLOW + tripOf(first)) return first;
    await this.pauses.wait(CONFIRM_AFTER_MS, this.abort.signal);
    const second = await this.serverTime();
    const apart = second.time - first.time - (middleOf(second) - middleOf(first));
    if (Math.abs(apart) <= AGREEMENT + (tripOf(first) + tripOf(second)) / 2) return second;
    const seconds = (apart / SECOND).toFixed(1);
    throw new ExchangeError('malformed', `time: two readings of the exchange's clock disagree by ${seconds} s`);
  }

  private async serverTime(): Promise<ServerTime> {
    return (await this.exchange.serverTime(this.abort.signal)).data;
  }

  /** Where the exchange's clock should have stood in the middle of the trip. */
  private expectedAt(reading: ServerTime): EpochMicros {
    return this.alignment.exchangeNow() - (this.clock.monotonicNow() - middleOf(reading));
  }

  private failed(error: unknown): void {
    this.status.clockRefused(error instanceof Error ? error.message : String(error));
    if (!(error instanceof ExchangeError)) {
      this.pause.failed();
      this.logger.error({ err: error }, 'the time of the exchange cannot be read');
      return;
    }
    this.faults.note(error);
    // While the exchange is away nothing is captured, and its time is what has to be known first when it is back.
    const waits = this.isKnown || !isExchangeWide(error);
    const retryAt = waits ? this.pause.failed(error.retryAt) : this.clock.now();
    this.refusals.refused('server time', [], { failure: error.failure, reason: error.message, retryAt });
  }

  /** Says each change of how the local clock stands. */
  private say(): void {
    const { state, detail } = this.status.clockState();
    if (state === this.said) return;
    if (state !== 'ok') this.logger.warn({ clock: state }, detail);
    else if (this.said !== '') this.logger.info({ clock: state }, "the local clock agrees with the exchange's again");
    this.said = state;
  }
}

function middleOf({ sentAt, receivedAt }: ServerTime): EpochMicros {
  return (sentAt + receivedAt) / 2;
}

function tripOf({ sentAt, receivedAt }: ServerTime): EpochMicros {
  return receivedAt - sentAt;
}
