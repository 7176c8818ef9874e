import { Injectable } from '@nestjs/common';
import { Clock, Exchange, MINUTE, type EpochMicros } from '@app/domain';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';

const MEASURE_EVERY: EpochMicros = 10 * MINUTE;

/**
 * The exchange's time as far as it can be trusted to say that a minute is over: never ahead of our own clock, and
 * behind it when the exchange's is measured to be.
 */
@Injectable()
export class ExchangeTime {
  private skew: EpochMicros = 0;
  private measuredAt = -Infinity;

  constructor(
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly faults: CaptureFaults,
    private readonly status: CaptureStatus,
  ) {}

  now(): EpochMicros {
    return Math.min(this.clock.now(), this.clock.now() + this.skew);
  }

  /** Measures again when the last measurement is ten minutes old; a failure leaves the last one standing. */
  async measure(signal?: AbortSignal): Promise<void> {
    const sentAt = this.clock.now();
    if (sentAt - this.measuredAt < MEASURE_EVERY) return;
    try {
      const { data, receivedAt } = await this.exchange.serverTime(signal);
      this.faults.answered();
      // The exchange read its clock at some moment between the two: an offset within that span proves no skew.
      const [least, most] = [data - receivedAt, data - sentAt];
      this.skew = least <= 0 && most >= 0 ? 0 : Math.round((least + most) / 2);
      this.measuredAt = receivedAt;
      this.status.clockSkew(this.skew);
    } catch (error) {
      if (signal?.aborted) return;
      if (this.faults.note(error) === 'not_found') this.measuredAt = sentAt;
    }
  }
}
