import {
  ExchangeError,
  floorTo,
  HOUR,
  MINUTE,
  DAY,
  SECOND,
  formatBucketTime,
  type Clock,
  type EpochMicros,
} from '@app/domain';
import { pause } from '../transport/http-get';

/** What the exchange allows, from `exchangeInfo.rateLimits`. */
export interface RequestLimits {
  /** Request weight per UTC minute and IP address. */
  readonly weightPerMinute: number;
  /** Requests per window and IP address. */
  readonly rawRequests: { readonly limit: number; readonly window: EpochMicros };
}

/** Until the exchange has told: its documented weight limit, and the lower of its documented request limits. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = {
  weightPerMinute: 6_000,
  rawRequests: { limit: 61_000, window: 5 * MINUTE },
};

/**
 * How much of the limit a request may take. The last fifth is never used: other processes share the address, and
 * requests on their way are not in the exchange's count yet. `history` leaves another tenth to the polls, so that a
 * long catch-up does not delay them.
 */
export type BudgetShare = 'live' | 'history';
const USABLE_PERCENT: Readonly<Record<BudgetShare, number>> = { live: 80, history: 70 };

/** A place in the budget; given back with the exchange's own count when the answer has arrived. */
export interface Reservation {
  readonly weight: number;
  readonly minute: EpochMicros;
}

/** Longest that one request waits for room, in real milliseconds: two minutes of a clock in real time. */
const DEFAULT_MAX_WAIT_MS = 130_000;

/**
 * The request weight of this process, counted per fixed UTC minute of the market clock as the exchange counts it. One
 * budget serves all hosts: the exchange counts per address of the client.
 */
export class RequestWeightBudget {
  private limits: RequestLimits = DEFAULT_REQUEST_LIMITS;
  private minute: EpochMicros = 0;
  private used = 0;
  private rawWindow: EpochMicros = 0;
  private rawUsed = 0;
  private readonly inFlight = new Set<Reservation>();

  constructor(
    private readonly clock: Clock,
    private readonly maxWaitMs: number = DEFAULT_MAX_WAIT_MS,
  ) {}

  get usedWeight(): number {
    this.roll();
    return this.used;
  }

  get weightLimit(): number {
    return this.limits.weightPerMinute;
  }

  setLimits(limits: Partial<RequestLimits>): void {
    this.limits = { ...this.limits, ...limits };
  }

  /**
   * Takes a place for one request, waiting for the next minute when it does not fit into this one.
   *
   * @throws ExchangeError `rate_limited` when there is no room for longer than a request may wait; the signal's reason
   */
  async acquire(weight: number, share: BudgetShare, signal?: AbortSignal): Promise<Reservation> {
    const deadline = performance.now() + this.maxWaitMs;
    for (;;) {
      this.roll();
      const roomAt = this.roomAt(weight, share);
      if (roomAt === undefined) return this.reserve(weight);
      const waitMs = this.clock.realMillisUntil(roomAt);
      if (performance.now() + waitMs > deadline) {
        throw new ExchangeError(
          'rate_limited',
          `the request budget is used up (${this.used} of ${this.limits.weightPerMinute} weight this minute, ` +
            `${this.rawUsed} requests); room again at ${formatBucketTime(roomAt)}`,
        );
      }
      await pause(Math.max(1, waitMs), signal);
    }
  }

  /**
   * Settles a reservation when its answer has arrived, or none will. The exchange's count is taken when it is higher than ours: other processes may share the
   * address. What is on its way may not be in that count, so it is added.
   *
   * @param usedWeight the exchange's count for its current minute; undefined when the answer did not say or none came
   */
  settle(reservation: Reservation, usedWeight: number | undefined): void {
    this.inFlight.delete(reservation);
    this.roll();
    // A count given for a request that was sent in the minute before may be that minute's.
    if (reservation.minute !== this.minute) return;
    if (usedWeight === undefined) return;
    this.used = Math.max(this.used, usedWeight + this.weightOnItsWay());
  }

  private reserve(weight: number): Reservation {
    const reservation = { weight, minute: this.minute };
    this.used += weight;
    this.rawUsed += 1;
    this.inFlight.add(reservation);
    return reservation;
  }

  /** When a request of that weight may be sent; undefined: now. */
  private roomAt(weight: number, share: BudgetShare): EpochMicros | undefined {
    const { weightPerMinute, rawRequests } = this.limits;
    const usable = (limit: number): number => Math.floor((limit * USABLE_PERCENT[share]) / 100);
    // A request heavier than the usable share goes first in a fresh minute, or it would never go.
    if (this.used > 0 && this.used + weight > usable(weightPerMinute)) return this.minute + MINUTE;
    if (this.rawUsed > 0 && this.rawUsed + 1 > usable(rawRequests.limit)) return this.rawWindow + rawRequests.window;
    return undefined;
  }

  private weightOnItsWay(): number {
    return [...this.inFlight].reduce((sum, { weight }) => sum + weight, 0);
  }

  /** What is on its way when a minute ends may be charged to the next one, so it is counted in both. */
  private roll(): void {
    const now = this.clock.now();
    const minute = floorTo(now, MINUTE);
    if (minute !== this.minute) {
      this.minute = minute;
      this.used = this.weightOnItsWay();
    }
    const rawWindow = floorTo(now, this.limits.rawRequests.window);
    if (rawWindow !== this.rawWindow) {
      this.rawWindow = rawWindow;
      this.rawUsed = this.inFlight.size;
    }
  }
}

const UNITS: Readonly<Record<string, EpochMicros>> = { SECOND, MINUTE, HOUR, DAY };

/** A lower limit, or a longer window, than these would keep the client from asking: that is a mistake of the sender. */
const LEAST_LIMIT = 100;
const LONGEST_WINDOW = HOUR;

/**
 * Reads `exchangeInfo.rateLimits`; what is absent, not readable or not credible is left out, unknown kinds are ignored.
 */
export function readRequestLimits(exchangeInfo: unknown): Partial<RequestLimits> {
  const rules = (exchangeInfo as { rateLimits?: unknown } | null)?.rateLimits;
  if (!Array.isArray(rules)) return {};
  const limits: { weightPerMinute?: number; rawRequests?: RequestLimits['rawRequests'] } = {};
  for (const rule of rules as unknown[]) {
    const { rateLimitType, interval, intervalNum, limit } = (rule ?? {}) as Readonly<Record<string, unknown>>;
    const unit = typeof interval === 'string' ? UNITS[interval] : undefined;
    if (unit === undefined || !isCount(intervalNum) || !isCount(limit)) continue;
    const window = unit * intervalNum;
    if (limit < LEAST_LIMIT || window > LONGEST_WINDOW) continue;
    if (rateLimitType === 'REQUEST_WEIGHT' && window === MINUTE) limits.weightPerMinute = limit;
    if (rateLimitType === 'RAW_REQUESTS') limits.rawRequests = { limit, window };
  }
  return limits;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
