import { MINUTE, type EpochMicros } from '@app/domain';
import type { Route } from './binance-metrics';

/** How patient the client is. The defaults suit the real exchange; tests shorten them. */
export interface BinanceOptions {
  /** Real milliseconds for one request, body included. */
  readonly requestTimeoutMs: number;
  /** Largest body taken, in bytes after decompression; the full exchangeInfo is about half of it. */
  readonly maxBodyBytes: number;
  /** How often one host is asked before the next one is. */
  readonly attemptsPerHost: number;
  /** Real milliseconds before a retry; `retry` is 1 before the second attempt. */
  readonly retryDelayMs: (retry: number) => number;
  /** Market time between two requests of a route: after so long it is tried again first when the exchange names no time. */
  readonly intervalOf: (route: Route) => EpochMicros;
  /** Longest silence wished by the exchange (Retry-After) that a request waits for, in real milliseconds. */
  readonly maxBlockWaitMs: number;
  /** The same of requests that can wait, after which they fail as those that cannot. */
  readonly maxHistoryBlockWaitMs: number;
  /** Longest wait for room in the weight budget, in real milliseconds. */
  readonly maxBudgetWaitMs: number;
}

const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 4_000;

/**
 * Exponential backoff with full jitter: evenly spread between nothing and the step, so that clients that failed
 * together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function fullJitterDelayMs(retry: number): number {
  return Math.random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (retry - 1));
}

export const DEFAULT_BINANCE_OPTIONS: BinanceOptions = {
  requestTimeoutMs: 10_000,
  maxBodyBytes: 32 * 1_024 * 1_024,
  attemptsPerHost: 3,
  retryDelayMs: fullJitterDelayMs,
  intervalOf: () => MINUTE,
  maxBlockWaitMs: 5_000,
  maxHistoryBlockWaitMs: 60_000,
  maxBudgetWaitMs: 130_000,
};
