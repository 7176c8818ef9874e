import { ExchangeError, formatBucketTime, SECOND, type Clock, type EpochMicros } from '@app/domain';
import { pause } from '../transport/http-get';
import type { BlockFailure } from '../transport/answer-verdict';

interface Block {
  readonly failure: BlockFailure;
  readonly until: EpochMicros;
  readonly detail: string;
}

/**
 * Keeps every request of the process back while the exchange wants silence (429, 418, 403). A short silence is waited
 * for; during a long one requests fail at once, without touching the network.
 */
export class RequestBlock {
  private latest: Block | undefined;

  constructor(
    private readonly clock: Clock,
    /** Longest silence that a request waits for, in real milliseconds. */
    private readonly maxWaitMs: number,
  ) {}

  /** Market time until which nothing is sent; undefined when requests flow. */
  get until(): EpochMicros | undefined {
    return this.current()?.until;
  }

  /** Starts or prolongs the silence, never shortens it. Returns the market seconds by which it grew. */
  add(block: Block): number {
    const from = this.current()?.until ?? this.clock.now();
    if (block.until <= from) return 0;
    this.latest = block;
    return (block.until - from) / SECOND;
  }

  /** Returns when a request may be sent. @throws ExchangeError when the silence is long; the signal's reason */
  async pass(signal?: AbortSignal): Promise<void> {
    for (let block = this.current(); block !== undefined; block = this.current()) {
      const waitMs = this.clock.realMillisUntil(block.until);
      if (waitMs > this.maxWaitMs) {
        throw new ExchangeError(
          block.failure,
          `${block.detail}; no request is sent until ${formatBucketTime(block.until)}`,
        );
      }
      await pause(Math.max(1, waitMs), signal);
    }
  }

  private current(): Block | undefined {
    return this.latest !== undefined && this.clock.now() < this.latest.until ? this.latest : undefined;
  }
}
