import type { RateLimiterCompatibleAbstract } from 'rate-limiter-flexible';

/** Injection token of the {@link Limiter} of the request budget. */
export const LIMITER = Symbol('Limiter');

/** The counters of the request budget, wherever they are kept. */
export type Limiter = Pick<RateLimiterCompatibleAbstract, 'consume' | 'penalty' | 'reward' | 'delete'>;

/** Points of a limiter that counts and never refuses: each client has a limit of its own. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;
