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
  type RequestPriority,
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
 * Up to which use of the limit a request may be sent. The last fifth is never used: other processes share the address, and
 * requests on their way are not in the exchange's count yet. What can wait leaves another tenth to what cannot.
 */
const USABLE_PERCENT: Readonly<Record<RequestPriority, number>> = { live: 80, history: 70, spare: 70 };

/** What other requests than live ones take of the limit at most, together with live ones. */
const SHARED_PERCENT = 50;
/** What they take in any case: of a whole market the present alone needs half. */
const LEAST_PERCENT: Readonly<Record<Exclude<RequestPriority, 'live'>, number>> = { history: 15, spare: 7 };

/** Real time after which it is looked again whether live requests are on their way. */
const LOOK_AGAIN_MS = 5;

/** A place in the budget; given back with the exchange's own count when the answer has arrived. */
export interface Reservation {
  readonly priority: RequestPriority;
  readonly weight: number;
  readonly minute: EpochMicros;
}

/** Longest that one request waits for room, in real milliseconds: two minutes of a clock in real time. */
const DEFAULT_MAX_WAIT_MS = 130_000;

/**
 * The request weight of this process, counted per fixed UTC minute of the market clock as the exchange counts it. One
 * budget serves all hosts: the exchange counts per address of the client.
 *
 * Live requests go before all others. These wait while a live one is on its way, and leave room for the live requests that
 * are still to come in the minute, which are taken to weigh what they did in the minute before. The count of the exchange
 * has what other processes of the address use: a command beside a process that captures so leaves it its half.
 */
export class RequestWeightBudget {
  private limits: RequestLimits = DEFAULT_REQUEST_LIMITS;
  private minute: EpochMicros = 0;
  private used = 0;
  /** What live requests of this process used in this minute, and in the one before. */
  private live = 0;
  private liveBefore = 0;
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
  async acquire(weight: number, priority: RequestPriority, signal?: AbortSignal): Promise<Reservation> {
    let waitedMs = 0;
    for (;;) {
      this.roll();
      if (priority !== 'live' && this.weightOnItsWay('live') > 0) {
        await pause(LOOK_AGAIN_MS, signal);
        continue;
      }
      const roomAt = this.roomAt(weight, priority);
      if (roomAt === undefined) return this.reserve(weight, priority);
      const waitMs = this.clock.realMillisUntil(roomAt);
      if (waitedMs + waitMs > this.maxWaitMs) {
        throw new ExchangeError(
          'rate_limited',
          `the request budget is used up (${this.used} of ${this.limits.weightPerMinute} weight this minute, ` +
            `${this.rawUsed} requests); room again at ${formatBucketTime(roomAt)}`,
        );
      }
      const waitsSince = performance.now();
      await pause(Math.max(1, waitMs), signal);
      waitedMs += performance.now() - waitsSince;
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

  private reserve(weight: number, priority: RequestPriority): Reservation {
    const reservation = { priority, weight, minute: this.minute };
    this.used += weight;
    if (priority === 'live') this.live += weight;
    this.rawUsed += 1;
    this.inFlight.add(reservation);
    return reservation;
  }

  /** When a request of that weight may be sent; undefined: now. */
  private roomAt(weight: number, priority: RequestPriority): EpochMicros | undefined {
    const { weightPerMinute, rawRequests } = this.limits;
    const usable = (limit: number): number => Math.floor((limit * USABLE_PERCENT[priority]) / 100);
    // A request heavier than the usable share goes first in a fresh minute, or it would never go.
    if (this.used > 0 && this.used + weight > usable(weightPerMinute)) return this.minute + MINUTE;
    if (priority !== 'live' && !this.fitsBesideLive(weight, priority)) return this.minute + MINUTE;
    if (this.rawUsed > 0 && this.rawUsed + 1 > usable(rawRequests.limit)) return this.rawWindow + rawRequests.window;
    return undefined;
  }

  /** Whether a request leaves live ones what they use in a minute. One that is too heavy goes first in a fresh minute. */
  private fitsBesideLive(weight: number, priority: Exclude<RequestPriority, 'live'>): boolean {
    const { weightPerMinute } = this.limits;
    const others = this.used - this.live;
    const expected = Math.max(this.live, this.liveBefore);
    const most = Math.max(SHARED_PERCENT * weightPerMinute - expected * 100, LEAST_PERCENT[priority] * weightPerMinute);
    return others === 0 || (others + weight) * 100 <= most;
  }

  private weightOnItsWay(ofPriority?: RequestPriority): number {
    return [...this.inFlight]
      .filter(({ priority }) => ofPriority === undefined || priority === ofPriority)
      .reduce((sum, { weight }) => sum + weight, 0);
  }

  /** What is on its way when a minute ends may be charged to the next one, so it is counted in both. */
  private roll(): void {
    const now = this.clock.now();
    const minute = floorTo(now, MINUTE);
    if (minute !== this.minute) {
      this.liveBefore = minute === this.minute + MINUTE ? this.live : 0;
      this.minute = minute;
      this.used = this.weightOnItsWay();
      this.live = this.weightOnItsWay('live');
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
