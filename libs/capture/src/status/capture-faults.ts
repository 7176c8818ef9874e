import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  ExchangeError,
  GrowingPause,
  isExchangeWide,
  MINUTE,
  OriginMismatchError,
  StoreNotReadyError,
  type ExchangeFailure,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';

/** How an attempt ended that brought nothing. */
export type FaultOutcome = ExchangeFailure | 'refused' | 'store_not_ready';

/**
 * What capture does about failures that are nobody's mistake: says once each time that the exchange is away (its adapter
 * says that it is back), and keeps its distance while the store refuses data of this origin.
 */
@Injectable()
export class CaptureFaults {
  private away = false;
  private refusal: OriginMismatchError | undefined;
  private readonly refusalPause: GrowingPause;

  constructor(
    clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.refusalPause = new GrowingPause(clock, MINUTE);
  }

  /** Why the store refuses what is captured; null while it does not. */
  get refused(): string | null {
    return this.refusal?.message ?? null;
  }

  /** Whether to leave the exchange alone for now, because the store would refuse the answer. */
  get isPaused(): boolean {
    return this.refusal !== undefined && !this.refusalPause.isOver;
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
    // The store itself says what is the matter.
    if (error instanceof StoreNotReadyError) return 'store_not_ready';
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
    return error.failure;
  }
}
