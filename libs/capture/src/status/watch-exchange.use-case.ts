import { Injectable } from '@nestjs/common';
import { ClockAlignment, Exchange, isAborted } from '@app/domain';
import type { JobResult } from '@app/jobs';
import { ExchangeTime } from '../candles/exchange-time';
import { CaptureFaults } from './capture-faults';

/** Real time without anything from the exchange after which it is asked whether it is there. */
const SILENT_MS = 5_000;

/**
 * Notices between two polls what would be told with the next one: that the exchange is away, or back, and that the local
 * clock was set.
 */
@Injectable()
export class WatchExchangeUseCase {
  constructor(
    private readonly exchange: Exchange,
    private readonly exchangeTime: ExchangeTime,
    private readonly alignment: ClockAlignment,
    private readonly faults: CaptureFaults,
  ) {}

  async execute(signal: AbortSignal): Promise<JobResult> {
    if (this.faults.isPaused) return 'idle';
    if (this.alignment.stepped) await this.exchangeTime.ready(signal);
    try {
      if (!(await this.exchange.ping(SILENT_MS, signal))) return 'idle';
      // Requests may still go unanswered or be refused where a ping gets through.
      if (this.exchange.status().state === 'ok') this.faults.answered();
      return 'ok';
    } catch (error) {
      if (!isAborted(signal)) this.faults.note(error);
      return 'failed';
    }
  }
}
