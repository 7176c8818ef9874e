import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  ExchangeError,
  HOUR,
  MINUTE,
  OriginMismatchError,
  type EpochMicros,
  type ExchangeFailure,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { BackOff } from '../schedule/back-off';

/** Failures that concern the exchange as a whole; the others concern one route or one symbol. */
const EXCHANGE_WIDE: ReadonlySet<ExchangeFailure> = new Set<ExchangeFailure>([
  'unreachable',
  'rate_limited',
  'banned',
  'forbidden',
  'geo_blocked',
]);

export function isExchangeWide(error: unknown): boolean {
  return error instanceof ExchangeError && EXCHANGE_WIDE.has(error.failure);
}

/** Failures of one question, which nobody else says anything about. */
const OF_ONE_QUESTION: ReadonlySet<ExchangeFailure> = new Set<ExchangeFailure>(['malformed', 'rejected']);
/** What stays the same is said again after this long. */
const SAY_AGAIN: EpochMicros = HOUR;

/** How an attempt ended that brought nothing. */
export type FaultOutcome = ExchangeFailure | 'refused';

/**
 * What capture does about failures that are nobody's mistake: says once each time that the exchange is away (its adapter
 * says that it is back), and keeps its distance while the store refuses data of this origin.
 */
@Injectable()
export class CaptureFaults {
  private away = false;
  private said = { message: '', until: 0 };
  private refusal: OriginMismatchError | undefined;
  private readonly refusalPause: BackOff;

  constructor(
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.refusalPause = new BackOff(clock, MINUTE, 10 * MINUTE);
  }

  /** Why the store refuses what is captured; null while it does not. */
  get refused(): string | null {
    return this.refusal?.message ?? null;
  }

  /** Whether to leave the exchange alone for now, because the store would refuse the answer. */
  get standAside(): boolean {
    return this.refusal !== undefined && this.refusalPause.waiting;
  }

  /** The exchange answered. */
  answered(): void {
    this.away = false;
  }

  /** The store took data: its origin is right. */
  accepted(): void {
    if (this.refusal) this.logger.info('the store takes what is captured again');
    this.refusal = undefined;
    this.refusalPause.succeeded();
  }

  /** Notes a failure of the exchange or a refusal of the store; any other error is thrown on. */
  note(error: unknown): FaultOutcome {
    if (error instanceof OriginMismatchError) {
      if (!this.refusal) this.logger.error(`nothing is written: ${error.message}`);
      this.refusal = error;
      this.refusalPause.failed();
      return 'refused';
    }
    if (!(error instanceof ExchangeError)) throw error;
    if (isExchangeWide(error)) {
      if (!this.away) {
        this.logger.warn(
          { failure: error.failure },
          `the exchange cannot be reached (${error.message}): the market goes on unseen; retrying; ` +
            '`make demo` runs without a network',
        );
      }
      this.away = true;
    }
    if (OF_ONE_QUESTION.has(error.failure)) this.sayOnce(error);
    return error.failure;
  }

  /** The same refusal comes back with every attempt. */
  private sayOnce({ failure, message }: ExchangeError): void {
    const now = this.clock.now();
    if (message === this.said.message && now < this.said.until) return;
    this.said = { message, until: now + SAY_AGAIN };
    this.logger.warn({ failure }, `an answer of the exchange is of no use: ${message}; it is asked for again`);
  }
}
