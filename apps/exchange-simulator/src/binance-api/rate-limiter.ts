import { Injectable } from '@nestjs/common';

const MINUTE = 60_000;
const RAW_WINDOW = 5 * MINUTE;
/** Refused requests within one minute, beyond the first, that turn 429 into a ban. */
const IGNORED_REFUSALS_BEFORE_BAN = 5;
/** Bans grow from two minutes to three days. */
const SHORTEST_BAN = 2 * MINUTE;
const LONGEST_BAN = 3 * 24 * 60 * MINUTE;

export interface RateLimits {
  /** Weight per minute. */
  readonly weight: number;
  /** Requests per five minutes. */
  readonly rawRequests: number;
}

export interface RateLimitVerdict {
  /** Weight used in this minute, this request included. */
  readonly usedWeight: number;
  readonly refusal?: Refusal;
}

export interface Refusal {
  readonly status: 418 | 429;
  readonly retryAfterSeconds: number;
  readonly message: string;
}

interface Account {
  minute: number;
  weight: number;
  rawWindow: number;
  rawRequests: number;
  refusalsInMinute: number;
  bannedUntil: number;
  bans: number;
}

/**
 * The exchange's limits per address: weight per fixed UTC minute, requests per fixed five minutes, and a growing ban for
 * an address that goes on after 429. A refused request costs its weight like any other. All times are market time.
 */
@Injectable()
export class RateLimiter {
  private readonly accounts = new Map<string, Account>();

  constructor(readonly limits: RateLimits) {}

  /** Charges a request at `now` (epoch milliseconds) and says whether it may pass. */
  charge(address: string, weight: number, now: number): RateLimitVerdict {
    const account = this.accountAt(address, now);
    account.weight += weight;
    account.rawRequests += 1;
    const usedWeight = account.weight;
    if (now < account.bannedUntil) {
      return { usedWeight, refusal: ban(account.bannedUntil, now) };
    }
    const overWeight = account.weight > this.limits.weight;
    if (!overWeight && account.rawRequests <= this.limits.rawRequests) {
      return { usedWeight };
    }
    account.refusalsInMinute += 1;
    if (account.refusalsInMinute > IGNORED_REFUSALS_BEFORE_BAN + 1) {
      account.bannedUntil = now + Math.min(LONGEST_BAN, SHORTEST_BAN * 2 ** account.bans);
      account.bans += 1;
      return { usedWeight, refusal: ban(account.bannedUntil, now) };
    }
    const end = (window: number): number => (Math.floor(now / window) + 1) * window;
    return {
      usedWeight,
      refusal: overWeight
        ? tooManyRequests(this.limits.weight, secondsUntil(end(MINUTE), now))
        : refusal429(
            `raw requests; current limit is ${this.limits.rawRequests} raw requests per 5 MINUTE`,
            secondsUntil(end(RAW_WINDOW), now),
          ),
    };
  }

  /** Raises the weight used in this minute, as another process on the same address would. */
  raiseUsedWeight(address: string, usedWeight: number, now: number): void {
    const account = this.accountAt(address, now);
    account.weight = Math.max(account.weight, usedWeight);
  }

  private accountAt(address: string, now: number): Account {
    const minute = Math.floor(now / MINUTE);
    const rawWindow = Math.floor(now / RAW_WINDOW);
    let account = this.accounts.get(address);
    if (account === undefined) {
      account = { minute, weight: 0, rawWindow, rawRequests: 0, refusalsInMinute: 0, bannedUntil: 0, bans: 0 };
      this.accounts.set(address, account);
    }
    if (account.minute !== minute) {
      account.minute = minute;
      account.weight = 0;
      account.refusalsInMinute = 0;
    }
    if (account.rawWindow !== rawWindow) {
      account.rawWindow = rawWindow;
      account.rawRequests = 0;
    }
    return account;
  }
}

/** The exchange's words for a ban that ends at `until`; also those of a ban that is ordered as a fault. */
export function ban(until: number, now: number): Refusal {
  return {
    status: 418,
    retryAfterSeconds: secondsUntil(until, now),
    message: `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams for live updates to avoid bans.`,
  };
}

/** The exchange's words for too much weight in a minute; also those of a refusal that is ordered as a fault. */
export function tooManyRequests(weightLimit: number, retryAfterSeconds: number): Refusal {
  return refusal429(
    `request weight used; current limit is ${weightLimit} request weight per 1 MINUTE`,
    retryAfterSeconds,
  );
}

function refusal429(rule: string, retryAfterSeconds: number): Refusal {
  const message = `Too much ${rule}. Please use WebSocket Streams for live updates to avoid polling the API.`;
  return { status: 429, retryAfterSeconds, message };
}

function secondsUntil(moment: number, now: number): number {
  return Math.max(1, Math.ceil((moment - now) / 1_000));
}
