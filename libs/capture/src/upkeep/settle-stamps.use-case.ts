import { Inject, Injectable } from '@nestjs/common';
import { Clock, formatMillisTime, HistoryStore, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import type { JobResult } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { ExchangeTime } from '../candles/exchange-time';
import { CorrectLedgersUseCase } from '../history/correct-ledgers.use-case';

/** Others may bring what a clock that was ahead has stamped: a spool, a broker, a command. */
const LOOK_EVERY: EpochMicros = 10 * MINUTE;
/** A clock that went back further than this had been ahead. */
const WENT_BACK: EpochMicros = 30 * SECOND;

/**
 * Looks for stored stamps that are later than now, at the start, whenever the clock has gone back, and every ten minutes;
 * at the start also for ledgers that a clock which was behind has begun.
 * Only the exchange's time says that they are wrong: a local clock may be what is behind.
 */
@Injectable()
export class SettleStampsUseCase {
  /** On the monotonic counter. */
  private lookedAt = -Infinity;
  /** How far the clock was ahead of the monotonic counter at the last look. */
  private lead = -Infinity;

  constructor(
    private readonly history: HistoryStore,
    private readonly ledgers: CorrectLedgersUseCase,
    private readonly exchangeTime: ExchangeTime,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute(signal: AbortSignal): Promise<JobResult> {
    await this.exchangeTime.ready(signal);
    if (!this.exchangeTime.isKnown || signal.aborted) return 'failed';
    const [now, monotonic] = [this.clock.now(), this.clock.monotonicNow()];
    const lead = now - monotonic;
    if (lead >= this.lead - WENT_BACK && monotonic - this.lookedAt < LOOK_EVERY) return 'ok';
    const { spans, minutes, retracked } = await this.history.settleStamps(now);
    await this.ledgers.ahead(retracked);
    if (this.lookedAt === -Infinity) await this.ledgers.behind();
    this.lookedAt = monotonic;
    this.lead = lead;
    for (const { start, end } of spans) {
      this.logger.warn(
        { minutes },
        `a clock was ahead when it stamped what is stored with ${formatMillisTime(start)} to ${formatMillisTime(end)}: ` +
          'minutes among it count as captured at their close',
      );
    }
    return 'ok';
  }
}
