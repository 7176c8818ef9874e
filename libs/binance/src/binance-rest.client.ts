import type { ExchangeAnswer, RequestPriority } from '@app/domain';
import type { BinanceRequester, BodyReader } from './binance-requester';

/** Most symbols in one `symbols` list of the ticker at the lowest weight. */
export const LIGHT_TICKER_SYMBOLS = 20;

const WEIGHT = {
  ping: 1,
  time: 1,
  exchangeInfo: 20,
  klines: 2,
  tickerUpTo20: 2,
  tickerUpTo100: 40,
  tickerAll: 80,
} as const;

/** Real milliseconds for an answer that has no content: long enough for packets that are sent again, and no longer. */
const PING_TIMEOUT_MS = 6_000;

export interface KlinesQuery {
  readonly symbol: string;
  readonly interval: '1m' | '1d';
  /** Epoch milliseconds, inclusive; compared with the open time. */
  readonly startTime: number;
  /** Epoch milliseconds, inclusive; without it up to now. */
  readonly endTime?: number;
  /** 1 to 1000: what the exchange does with more is not documented. */
  readonly limit: number;
}

export interface TickerRequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** How often one host is asked at most. */
  readonly attempts?: number;
}

export interface KlineRequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly priority: RequestPriority;
}

/**
 * The routes of Binance's spot REST API that the platform uses, named as the exchange names them. Bodies are handed to
 * a reader: what it cannot read counts as a failed attempt. All methods @throws ExchangeError, or the signal's reason.
 */
export class BinanceRestClient {
  constructor(private readonly requester: BinanceRequester) {}

  /** `GET /api/v3/ping`, weight 1, of hosts that do not want to be left alone. @returns whether there was one to ask */
  ping(signal?: AbortSignal): Promise<boolean> {
    const read = (): void => undefined;
    return this.requester.probe(
      {
        route: 'ping',
        target: '/api/v3/ping',
        weight: WEIGHT.ping,
        priority: 'live',
        timeoutMs: PING_TIMEOUT_MS,
        read,
      },
      signal,
    );
  }

  /** `GET /api/v3/time`, weight 1. */
  time<T>(read: BodyReader<T>, signal?: AbortSignal): Promise<ExchangeAnswer<T>> {
    return this.requester.get(
      { route: 'time', target: '/api/v3/time', weight: WEIGHT.time, priority: 'live', read },
      signal,
    );
  }

  /** `GET /api/v3/exchangeInfo`, weight 20. One unknown symbol in the list fails it; no list: all symbols. */
  exchangeInfo<T>(
    symbols: readonly string[] | undefined,
    read: BodyReader<T>,
    signal?: AbortSignal,
  ): Promise<ExchangeAnswer<T>> {
    const query = symbols === undefined ? 'showPermissionSets=false' : `symbols=${encodeSymbols(symbols)}`;
    return this.requester.get(
      {
        route: 'exchange_info',
        target: `/api/v3/exchangeInfo?${query}`,
        weight: WEIGHT.exchangeInfo,
        priority: 'live',
        read,
      },
      signal,
    );
  }

  /** `GET /api/v3/ticker/24hr`, weight 2, 40 or 80. One unknown symbol in the list fails it; no list: all symbols. */
  ticker24hr<T>(
    symbols: readonly string[] | undefined,
    read: BodyReader<T>,
    { signal, attempts }: TickerRequestOptions = {},
  ): Promise<ExchangeAnswer<T>> {
    const query = symbols === undefined ? '' : `?symbols=${encodeSymbols(symbols)}`;
    return this.requester.get(
      {
        route: 'ticker_24hr',
        target: `/api/v3/ticker/24hr${query}`,
        weight: tickerWeight(symbols?.length),
        priority: 'live',
        attempts,
        read,
      },
      signal,
    );
  }

  /** `GET /api/v3/klines`, weight 2. */
  klines<T>(
    query: KlinesQuery,
    read: BodyReader<T>,
    { signal, priority }: KlineRequestOptions,
  ): Promise<ExchangeAnswer<T>> {
    const { symbol, interval, startTime, endTime, limit } = query;
    const target =
      `/api/v3/klines?symbol=${encodeURIComponent(symbol)}&interval=${interval}` +
      `&startTime=${startTime}${endTime === undefined ? '' : `&endTime=${endTime}`}&limit=${limit}`;
    return this.requester.get({ route: 'klines', target, weight: WEIGHT.klines, priority, read }, signal);
  }
}

/** A `symbols` parameter: a JSON array, percent-encoded as UTF-8. */
export function encodeSymbols(symbols: readonly string[]): string {
  return encodeURIComponent(JSON.stringify(symbols));
}

function tickerWeight(symbols: number | undefined): number {
  if (symbols === undefined || symbols > 100) return WEIGHT.tickerAll;
  return symbols <= LIGHT_TICKER_SYMBOLS ? WEIGHT.tickerUpTo20 : WEIGHT.tickerUpTo100;
}
