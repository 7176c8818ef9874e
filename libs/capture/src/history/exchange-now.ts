import { Inject, Injectable } from '@nestjs/common';
import { Clock, CLOCK_FOLLOW, Exchange, ExchangeError, formatMillisTime, type EpochMicros } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';

/** Real milliseconds for all attempts together: work on files from disk needs no network otherwise. */
const DEADLINE_MS = 5_000;

/** A moment at the exchange. */
export interface ExchangeMoment {
  readonly exchangeNow: EpochMicros;
  /** What the moment is stamped with: as everywhere, the local time where that is nearly right. */
  readonly capturedAt: EpochMicros;
}

/** The exchange's own time for work that has just begun; the local clock's where the exchange does not tell. */
@Injectable()
export class ExchangeNow {
  /** Offset of the exchange's clock from ours, by origin; asked for once. */
  private readonly offsets = new Map<string, Promise<EpochMicros>>();

  constructor(
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Now, for data of this origin. @throws the signal's reason when the caller aborts */
  async of(origin: string, signal?: AbortSignal): Promise<ExchangeMoment> {
    const measured = this.offsets.get(origin) ?? this.measure(origin, signal);
    this.offsets.set(origin, measured);
    const [offset, localNow] = [await measured, this.clock.now()];
    const exchangeNow = localNow + offset;
    return { exchangeNow, capturedAt: Math.abs(offset) > CLOCK_FOLLOW ? exchangeNow : localNow };
  }

  private async measure(origin: string, signal: AbortSignal | undefined): Promise<EpochMicros> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    try {
      const answer = await this.exchange.serverTime(signal ? AbortSignal.any([signal, deadline]) : deadline);
      // The clock of a simulated market says nothing of files of the exchange.
      const { time, sentAt, receivedAt } = answer.data;
      if (answer.origin === origin) return Math.round(time + (receivedAt - sentAt) / 2) - answer.receivedAt;
      this.useLocal(`the configured exchange is ${answer.origin}, and the files are of ${origin}`);
    } catch (error) {
      if (signal?.aborted === true || !(deadline.aborted || error instanceof ExchangeError)) throw error;
      this.useLocal(deadline.aborted ? `no answer within ${DEADLINE_MS / 1_000} s` : (error as Error).message);
    }
    return 0;
  }

  private useLocal(why: string): void {
    const now = formatMillisTime(this.clock.now());
    this.logger.warn(`the exchange's time is not known (${why}): minutes count as over by the local clock, ${now}`);
  }
}
