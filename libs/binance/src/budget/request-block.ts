import {
  ExchangeError,
  formatBucketTime,
  GrowingPause,
  SECOND,
  type Clock,
  type EpochMicros,
  type GrowingPauseOptions,
} from '@app/domain';
import type { Route } from '../binance-metrics';
import { pause } from '../transport/http-get';
import type { BlockFailure } from '../transport/answer-verdict';

/** A refusal that concerns every request of the process. */
export interface BlockingRefusal {
  readonly failure: BlockFailure;
  /** The end that the exchange named. */
  readonly until: EpochMicros | undefined;
  readonly detail: string;
}

interface Block {
  readonly failure: BlockFailure;
  /** On the monotonic counter: a clock that is set neither prolongs nor ends a silence. */
  readonly end: EpochMicros;
  readonly detail: string;
}

/** What a request is about, whatever the range that is asked for. */
export interface Subject {
  readonly route: Route;
  /** None: all of them. */
  readonly symbols: readonly string[];
}

/** Whether one and the same word can be why both are refused: they are about the same route and a common symbol. */
function overlap(one: Subject, other: Subject): boolean {
  if (one.route !== other.route) return false;
  if (one.symbols.length === 0 || other.symbols.length === 0) return true;
  return one.symbols.some((symbol) => other.symbols.includes(symbol));
}

/** A request too many may lengthen a ban: these pauses are whole ones, and double from the first on. */
const PAUSES: GrowingPauseOptions = { shortSpell: 0, aligned: false };

/**
 * Keeps every request of the process back while the exchange wants silence (429, 418, 403). A short silence is waited
 * for; during a long one requests fail at once, without touching the network. Where no end is named it is a growing pause.
 */
export class RequestBlock {
  private latest: Block | undefined;
  /** Of refusals that name no end, by the interval of what was asked. */
  private readonly pauses = new Map<EpochMicros, GrowingPause>();
  /** What the firewall refused last, until anything is answered. */
  private suspicion: Subject | undefined;

  constructor(
    private readonly clock: Clock,
    /** Longest silence that a request waits for, in real milliseconds. */
    private readonly maxWaitMs: number,
  ) {}

  /** Market time until which nothing is sent; undefined when requests flow. */
  get until(): EpochMicros | undefined {
    const block = this.current();
    return block && this.endOf(block);
  }

  /**
   * Starts or prolongs the silence, never shortens it.
   *
   * @param interval market time between two requests of this kind: the first pause where the exchange names no end
   * @returns when it ends, and the market seconds by which it grew
   */
  add({ failure, until: named, detail }: BlockingRefusal, interval: EpochMicros): { until: EpochMicros; grew: number } {
    const now = this.clock.now();
    const current = this.until;
    // Refusals of requests that were on their way together are one refusal.
    const until = named ?? current ?? this.pauseOf(interval).failed();
    if (current !== undefined && until <= current) return { until: current, grew: 0 };
    this.latest = { failure, end: this.clock.monotonicNow() + (until - now), detail };
    return { until, grew: (until - (current ?? now)) / SECOND };
  }

  /**
   * Notes that the firewall refused a question. It blocks addresses, but also single questions for a word in them: only
   * when another one is refused too, and none was answered in between, does it mean the address.
   */
  suspect(subject: Subject): 'question' | 'address' {
    const isAnother = this.suspicion !== undefined && !overlap(this.suspicion, subject);
    this.suspicion = subject;
    return isAnother ? 'address' : 'question';
  }

  /** One answer ends what was refused before; one that was on its way when the silence began does not. */
  answered(): void {
    if (this.current() !== undefined) return;
    this.pauses.clear();
    this.suspicion = undefined;
  }

  /** Returns when a request may be sent. @throws ExchangeError when the silence is long; the signal's reason */
  async pass(signal?: AbortSignal): Promise<void> {
    for (let block = this.current(); block !== undefined; block = this.current()) {
      const until = this.endOf(block);
      const waitMs = this.clock.realMillisUntil(until);
      if (waitMs > this.maxWaitMs) {
        const message = `${block.detail}; no request is sent until ${formatBucketTime(until)}`;
        throw new ExchangeError(block.failure, message, { retryAt: until });
      }
      await pause(Math.max(1, waitMs), signal);
    }
  }

  /** Returns when the silence has ended, or has been waited for so long. @throws the signal's reason */
  async outwait(maxMs: number, signal?: AbortSignal): Promise<void> {
    const block = this.current();
    if (block === undefined) return;
    await pause(Math.min(maxMs, Math.max(1, this.clock.realMillisUntil(this.endOf(block)))), signal);
  }

  private pauseOf(interval: EpochMicros): GrowingPause {
    const pause = this.pauses.get(interval) ?? new GrowingPause(this.clock, interval, PAUSES);
    this.pauses.set(interval, pause);
    return pause;
  }

  private current(): Block | undefined {
    return this.latest !== undefined && this.clock.monotonicNow() < this.latest.end ? this.latest : undefined;
  }

  private endOf({ end }: Block): EpochMicros {
    return this.clock.now() + (end - this.clock.monotonicNow());
  }
}
