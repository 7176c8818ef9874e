import type { CandleNumbers, EpochMicros, LeftOutMinutes, MinuteCandle, SymbolInfo, TimeRange } from '../model';
import type { ServerTime } from './clock.port';

/** What an exchange answered, when that answer was complete, and from which origin it came. */
export interface ExchangeAnswer<T> {
  readonly data: T;
  /** Market time at which the answer had been received. */
  readonly receivedAt: EpochMicros;
  /** `binance`, `simulator:<seed>` or `recording:<hash>:<shift>`: data of two origins never mix. */
  readonly origin: string;
}

/** One row of a 24-hour ticker; numbers are the exchange's own text. */
export interface TickerRow {
  readonly symbol: string;
  readonly lastPrice: string;
  readonly priceChangePercent: string;
  readonly volume: string;
}

/** A row of a ticker that was not accepted. */
export interface LeftOutTicker {
  readonly symbol: string;
  /** One readable line: the field and its value, and what is allowed. */
  readonly detail: string;
}

/** A symbol that the exchange refused to answer for, although it answered for others. */
export interface RefusedSymbol {
  readonly symbol: string;
  readonly failure: ExchangeFailure;
  /** One readable line. */
  readonly reason: string;
  readonly retryAt?: EpochMicros | undefined;
}

export interface TickerAnswer {
  readonly rows: readonly TickerRow[];
  /** Symbols that the exchange knows, and whose row was not accepted or was not there. */
  readonly leftOut: readonly LeftOutTicker[];
  readonly refused: readonly RefusedSymbol[];
}

/** How the exchange answers at the moment, as `/health` shows it. */
export interface ExchangeStatus {
  readonly state:
    'unknown' | 'ok' | 'unreachable' | 'rate_limited' | 'banned' | 'forbidden' | 'geo_blocked' | 'failing';
  /** One readable line; empty when all is well. */
  readonly detail: string;
  /** Host in use, without credentials or path. */
  readonly host: string;
  readonly origin: string | null;
  /** Market time of the last good answer; null before the first. */
  readonly lastAnswerAt: EpochMicros | null;
  /** Market time until which no request is sent; null when requests flow. */
  readonly blockedUntil: EpochMicros | null;
  /** Request weight used in the current UTC minute, and the limit. */
  readonly usedWeight: number;
  readonly weightLimit: number;
}

/**
 * Why a request to the exchange failed, after its bounded retries. None of them is final: whoever asked tries again after
 * a pause.
 */
export type ExchangeFailure =
  // They concern every request of the process.
  | 'unreachable' // no connection, time-out, reset, cut body
  | 'rate_limited' // 429; nothing is sent until blockedUntil
  | 'banned' // 418
  | 'forbidden' // 403 or 202 of the firewall in front of the exchange, for more than one question
  | 'geo_blocked' // 451 on every host
  // They concern one question.
  | 'failing' // 5xx, or a body that is not JSON
  | 'malformed' // JSON that is not what this question is answered with
  | 'not_found' // 404
  | 'unknown_symbol' // -1121
  | 'rejected'; // any other 4xx, or the firewall's refusal of this question alone

export interface ExchangeErrorOptions extends ErrorOptions {
  /** Market time before which the exchange does not want to be asked again, where it says so. */
  readonly retryAt?: EpochMicros | undefined;
}

export class ExchangeError extends Error {
  readonly code = 'EXCHANGE.REQUEST_FAILED';
  readonly retryAt: EpochMicros | undefined;

  constructor(
    readonly failure: ExchangeFailure,
    message: string,
    { retryAt, ...options }: ExchangeErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'ExchangeError';
    this.retryAt = retryAt;
  }
}

/** A page of candles. Rows are judged one by one: the rows around one that is left out are kept. */
export interface CandlePage<T> extends ExchangeAnswer<readonly T[]> {
  /** Candles that the exchange has a row of that was not accepted, ascending; empty ranges for rows of no known time. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** The part of the asked range that the page speaks for, which is all of it unless the page is full. */
  readonly answered: TimeRange;
}

/** Failures that concern every request. */
export const EXCHANGE_WIDE_FAILURES: ReadonlySet<ExchangeFailure> = new Set<ExchangeFailure>([
  'unreachable',
  'rate_limited',
  'banned',
  'forbidden',
  'geo_blocked',
]);

/** Whether it concerns every request, so that asking for something else is in vain too. */
export function isExchangeWide(error: unknown): boolean {
  return error instanceof ExchangeError && EXCHANGE_WIDE_FAILURES.has(error.failure);
}

/** One UTC day of one symbol, as the exchange gives it. */
export interface DayCandle extends CandleNumbers {
  readonly symbol: string;
  readonly openTime: EpochMicros;
}

/**
 * Who waits for an answer. `live`: what happens now. `history`: what happened before, and can wait. `spare`: nobody. A
 * request of a later kind gives way to those of the kinds before it, also to those that are about to come.
 */
export type RequestPriority = 'live' | 'history' | 'spare';

/** A market-data source. Every method has a time-out, a bounded retry and keeps to the request-weight budget, as `live` unless a priority is given. */
export abstract class Exchange {
  /** Most rows that one page of candles brings. */
  abstract readonly candlesPerPage: number;

  /**
   * 24-hour tickers of the symbols, in any order. What the exchange refuses for one symbol takes none of the others with
   * it. @throws ExchangeError when no symbol was answered
   */
  abstract tickers(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<TickerAnswer>>;

  /**
   * One page of 1m candles with open times in `range`, ascending, at most one a minute. May include the forming
   * minute: the caller decides what is closed. @throws ExchangeError
   */
  abstract minuteCandles(
    symbol: string,
    range: TimeRange,
    signal?: AbortSignal,
    priority?: RequestPriority,
  ): Promise<CandlePage<MinuteCandle>>;

  /**
   * Open time of the very first 1m candle that the exchange has of the symbol; undefined when it has none yet.
   * @throws ExchangeError
   */
  abstract firstMinute(
    symbol: string,
    signal?: AbortSignal,
    priority?: RequestPriority,
  ): Promise<ExchangeAnswer<EpochMicros | undefined>>;

  /**
   * One page of the exchange's own 1d candles, asked for as `history`, with open times in `range`, ascending. May include
   * the day that is open. @throws ExchangeError
   */
  abstract dayCandles(symbol: string, range: TimeRange, signal?: AbortSignal): Promise<CandlePage<DayCandle>>;

  /** What the exchange says of those symbols that it knows. @throws ExchangeError */
  abstract symbols(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>>;

  /** What the exchange says of every symbol that it lists. @throws ExchangeError */
  abstract allSymbols(signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>>;

  /** The exchange's clock. @throws ExchangeError */
  abstract serverTime(signal?: AbortSignal): Promise<ExchangeAnswer<ServerTime>>;

  /**
   * Asks whether anybody is there, if nothing has come from the exchange for so many real milliseconds and it does not want
   * to be left alone. An answer ends that the exchange counts as unreachable because nothing came, and nothing else: it
   * neither ends a refusal nor outweighs that requests go unanswered.
   *
   * @returns whether it was asked
   * @throws ExchangeError when nobody answers
   */
  abstract ping(afterSilentMs: number, signal?: AbortSignal): Promise<boolean>;

  abstract status(): ExchangeStatus;
}
