import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateLimiterRes } from 'rate-limiter-flexible';
import type { HttpOptions } from '../http-options';
import type { Callers } from '../keys/callers';
import type { Limiter } from './limiter';

/** The throttler that counts every request. */
export const DEFAULT_THROTTLER = 'default';
/** HEAD has a counter of its own: of no rows, it costs next to nothing. */
const HEAD_COUNTER = 'head';
const REFUND_COUNTER = 'refunds';

/** How many times the budget HEAD may cost, and how many times refunds may give back, in one window. */
const HEAD_FACTOR = 10;
const REFUND_FACTOR = 10;

/** Rows of an answer that a request pays for. */
export const ROWS_A_REQUEST = 5_000;

/** Where a request was counted, and what the counter said. */
interface Payment {
  readonly counter: typeof DEFAULT_THROTTLER | typeof HEAD_COUNTER;
  readonly client: string;
  /** Most points in a window. */
  readonly limit: number;
  /** When the window ends, on the monotonic clock. */
  readonly endsAt: number;
  readonly state: BudgetState;
}

const PAYMENT = Symbol('payment');

type Paying = IncomingMessage & { [PAYMENT]?: Payment };

/** What a counter says in the headers of an answer (draft-ietf-httpapi-ratelimit-headers). */
export interface BudgetState {
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly used: number;
  readonly secondsLeft: number;
}

export function isWithin({ used, limit }: BudgetState): boolean {
  return used <= limit;
}

/** What is left of a budget, and once it is used up, when to come back. */
export function budgetHeaders(state: BudgetState): Record<string, string | number> {
  const { name, limit, windowSeconds, used, secondsLeft } = state;
  const remaining = Math.min(limit, Math.max(0, limit - used));
  const headers: Record<string, string | number> = {
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': secondsLeft,
    ratelimit: `"${name}";r=${remaining};t=${secondsLeft}`,
    'ratelimit-policy': `"${name}";q=${limit};w=${windowSeconds}`,
  };
  if (!isWithin(state)) headers['retry-after'] = secondsLeft;
  return headers;
}

/** The request budget of clients: one for each over all routes, in windows that begin with their first request. */
export class RequestBudget {
  private readonly windowSeconds: number;

  /** The limiter only counts: each client has a limit of its own. */
  constructor(
    private readonly limiter: Limiter,
    private readonly callers: Callers,
    { throttleTtlSeconds }: Pick<HttpOptions, 'throttleTtlSeconds'>,
  ) {
    this.windowSeconds = throttleTtlSeconds;
  }

  /** Spends one request of the client, once for each request; returns what is left. */
  async spend(raw: IncomingMessage): Promise<BudgetState> {
    const payment = (raw as Paying)[PAYMENT];
    if (payment) return payment.state;
    const { client, limit } = this.callers.of(raw);
    const isHead = raw.method === 'HEAD';
    const counter = isHead ? HEAD_COUNTER : DEFAULT_THROTTLER;
    const most = isHead ? limit * HEAD_FACTOR : limit;
    const count = await this.limiter.consume(nameOf(counter, client));
    const { msBeforeNext } = count;
    // Redis calls every point the first that leaves one: a window that began in this millisecond is a new one.
    const isNew = count.isFirstInDuration && msBeforeNext >= this.windowSeconds * 1_000 - 1;
    if (isNew && !isHead) await this.limiter.delete(nameOf(REFUND_COUNTER, client));
    const state = this.stateOf(counter, most, count);
    (raw as Paying)[PAYMENT] = { counter, client, limit: most, endsAt: performance.now() + msBeforeNext, state };
    return state;
  }

  /**
   * Gives back the request of an answer that only says that nothing is new; so often in a window, and no more. Returns what
   * is left then; undefined where nothing was given back.
   */
  async refund(raw: IncomingMessage): Promise<BudgetState | undefined> {
    const payment = (raw as Paying)[PAYMENT];
    // A point given back to the window behind would be one more there.
    if (!payment || performance.now() >= payment.endsAt) return undefined;
    const { counter, client, limit } = payment;
    const refunds = await this.limiter.penalty(nameOf(REFUND_COUNTER, client));
    if (refunds.consumedPoints > this.callers.of(raw).limit * REFUND_FACTOR) return undefined;
    return this.stateOf(counter, limit, await this.limiter.reward(nameOf(counter, client)));
  }

  /** Counts the rows of an answer of which the first 5,000 are paid for. */
  rowsOf(request: FastifyRequest, reply: FastifyReply): RowCost {
    const payment = (request.raw as Paying)[PAYMENT];
    return new RowCost(async (requests) => {
      if (!payment) return;
      const { counter, client, limit } = payment;
      const count = await this.limiter.penalty(nameOf(counter, client), requests);
      if (!reply.raw.headersSent && !reply.sent) reply.headers(budgetHeaders(this.stateOf(counter, limit, count)));
    });
  }

  private stateOf(name: string, limit: number, { consumedPoints, msBeforeNext }: RateLimiterRes): BudgetState {
    // The difference of two fractions may be a hair above the length of the window.
    const secondsLeft = Math.min(Math.max(1, Math.ceil(msBeforeNext / 1_000)), this.windowSeconds);
    return { name, limit, windowSeconds: this.windowSeconds, used: consumedPoints, secondsLeft };
  }
}

/** What an answer costs: a request for each 5,000 rows that are begun, whatever is left of the budget. */
export class RowCost {
  private rows = 0;
  private paid = 1;

  constructor(private readonly pay: (requests: number) => Promise<void>) {}

  /** So many more rows are sent. */
  async add(rows: number): Promise<void> {
    this.rows += rows;
    const due = Math.ceil(this.rows / ROWS_A_REQUEST) - this.paid;
    if (due <= 0) return;
    this.paid += due;
    await this.pay(due);
  }
}

/** The name of a client's counter. */
function nameOf(counter: string, client: string): string {
  return `${counter} ${client}`;
}
