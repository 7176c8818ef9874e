import {
  formatBucketTime,
  MINUTE,
  type Clock,
  type EpochMicros,
  type ExchangeFailure,
  type ExchangeStatus,
} from '@app/domain';
import type { Logger } from '@app/observability';

type State = ExchangeStatus['state'];

/** Single refused requests do not make the exchange unwell while others were answered within this time. */
const GOOD_ANSWER_COUNTS_FOR = 5 * MINUTE;

/**
 * How the exchange answers, for `/health`. The log has each return to `ok`; that it is away is said by whoever gets the
 * error, which knows what it means for the process.
 */
export class ExchangeState {
  private currentState: State = 'unknown';
  private currentDetail = '';
  private lastGoodAt: EpochMicros | null = null;
  /** The same on the monotonic counter: a clock that is set makes no answer older or younger. */
  private lastGoodCount: EpochMicros = -Infinity;
  /** The same in real time, by which networks and their time-outs go. */
  private lastGoodReal = -Infinity;
  private lastGoodHost = '';
  /** When anything came, also a refusal; in real time. */
  private heardReal = performance.now();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get state(): State {
    return this.currentState;
  }

  get detail(): string {
    return this.currentDetail;
  }

  get lastAnswerAt(): EpochMicros | null {
    return this.lastGoodAt;
  }

  /** Real milliseconds since anything came, or since the beginning. */
  get silentMs(): number {
    return performance.now() - this.heardReal;
  }

  /** Something came from the exchange, whatever it was. */
  heard(): void {
    this.heardReal = performance.now();
  }

  /** The question whether anybody is there was answered: it ends silence alone, and nothing that is refused or fails. */
  present(host: string): void {
    if (this.currentState === 'unreachable') this.well(host);
  }

  /** @param blocked whether the exchange wants silence: an answer that was on its way then does not end that */
  answered(host: string, at: EpochMicros, blocked: boolean): void {
    this.lastGoodAt = at;
    this.lastGoodCount = this.clock.monotonicNow();
    this.lastGoodReal = performance.now();
    if (!blocked) this.well(host);
  }

  private well(host: string): void {
    const change = this.currentState !== 'ok';
    const moved = this.lastGoodHost !== '' && this.lastGoodHost !== host;
    if (change) {
      this.logger.info({ exchange_state: 'ok', host, before: this.currentState }, `the exchange answers (${host})`);
    } else if (moved) {
      this.logger.info({ exchange_state: 'ok', host }, `the exchange is now asked at ${host}`);
    }
    this.lastGoodHost = host;
    this.currentState = 'ok';
    this.currentDetail = '';
  }

  /** The exchange wants silence for a while, or its firewall refused a question. */
  blocked(failure: Extract<ExchangeFailure, 'rate_limited' | 'banned' | 'forbidden'>, detail: string): void {
    this.change(failure, detail);
  }

  /** A request is tried again that found nobody. `since` (`performance.now`): when nothing was answered from then on, nobody is there. */
  unansweredSince(since: number, detail: string): void {
    if (this.lastGoodReal < since) this.change('unreachable', detail);
  }

  /** No host gave a usable answer: `failing` when one was reached and is in trouble, else `unreachable`. */
  unusable(state: 'unreachable' | 'failing', detail: string): void {
    this.change(state, detail);
  }

  geoBlocked(detail: string): void {
    this.change('geo_blocked', detail);
  }

  /** One request was refused for what it asked, or answered with what cannot be read. */
  refused(detail: string): void {
    const recent = this.clock.monotonicNow() - this.lastGoodCount < GOOD_ANSWER_COUNTS_FOR;
    if (!recent && this.currentState !== 'forbidden') this.change('failing', detail);
  }

  hostGeoBlocked(host: string, detail: string, until: EpochMicros): void {
    this.logger.warn(
      { host, until: formatBucketTime(until) },
      `${host} refuses this region (${detail}); it is not asked again until ${formatBucketTime(until)}`,
    );
  }

  private change(state: State, detail: string): void {
    if (state !== this.currentState) {
      this.logger.debug(
        { exchange_state: state, before: this.currentState, detail },
        `the exchange is ${state.replace('_', ' ')}: ${detail}`,
      );
    }
    this.currentState = state;
    this.currentDetail = detail;
  }
}
