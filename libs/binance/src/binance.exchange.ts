import {
  DAY,
  Exchange,
  ExchangeError,
  isExchangeWide,
  isSymbol,
  MILLISECOND,
  MINUTE,
  type CandlePage,
  type Clock,
  type DayCandle,
  type EpochMicros,
  type ExchangeAnswer,
  type ExchangeStatus,
  type MinuteCandle,
  type RequestPriority,
  type ServerTime,
  type SymbolInfo,
  type TickerAnswer,
  type TimeRange,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { BinanceMetrics } from './binance-metrics';
import {
  encodeSymbols,
  type BinanceRestClient,
  type KlineRequestOptions,
  type KlinesQuery,
} from './binance-rest.client';
import type { RequestBlock } from './budget/request-block';
import type { RequestWeightBudget } from './budget/request-weight-budget';
import type { ExchangeState } from './exchange-state';
import type { HostPool } from './hosts/host-pool';
import type { DroppedRow, MappedRows } from './mappers/dropped-rows';
import { mapFirstOpenTime } from './mappers/first-open-time.mapper';
import { KLINE_PAGE_LIMIT, mapKlines } from './mappers/kline.mapper';
import { mapServerTime } from './mappers/server-time.mapper';
import { mapSymbols } from './mappers/symbol.mapper';
import { TickerRequests } from './ticker-requests';

/** Longest `symbols` parameter sent; the exchange refuses addresses of about 8,000 characters. */
const MAX_SYMBOLS_PARAMETER = 6_000;

/** Intervals that are asked for, and the length of their candles. */
const LENGTHS = { '1m': MINUTE, '1d': DAY } as const satisfies Partial<Record<KlinesQuery['interval'], EpochMicros>>;

/** The parts of the client whose state {@link BinanceExchange.status} shows. */
export interface BinanceParts {
  readonly client: BinanceRestClient;
  readonly hosts: HostPool;
  readonly budget: RequestWeightBudget;
  readonly block: RequestBlock;
  readonly state: ExchangeState;
  readonly metrics: BinanceMetrics;
}

/** Binance spot market data in the platform's own terms. */
export class BinanceExchange extends Exchange {
  readonly candlesPerPage = KLINE_PAGE_LIMIT;
  private readonly tickerRequests: TickerRequests;

  constructor(
    private readonly parts: BinanceParts,
    clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
    this.tickerRequests = new TickerRequests(parts.client, clock, (dropped) => {
      this.reportDropped(dropped);
    });
  }

  tickers(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<TickerAnswer>> {
    if (symbols.length === 0) throw new RangeError('tickers of no symbol');
    return this.tickerRequests.ask(symbols, signal);
  }

  /** @throws RangeError when the range holds no millisecond */
  minuteCandles(
    symbol: string,
    range: TimeRange,
    signal?: AbortSignal,
    priority: RequestPriority = 'live',
  ): Promise<CandlePage<MinuteCandle>> {
    return this.candles(symbol, '1m', range, { signal, priority });
  }

  /** @throws RangeError when the range holds no millisecond */
  dayCandles(symbol: string, range: TimeRange, signal?: AbortSignal): Promise<CandlePage<DayCandle>> {
    return this.candles(symbol, '1d', range, { signal, priority: 'history' });
  }

  /** An answer to `startTime=0` begins at the first candle there is; whatever else its row says does not matter here. */
  async firstMinute(
    symbol: string,
    signal?: AbortSignal,
    priority: RequestPriority = 'live',
  ): Promise<ExchangeAnswer<EpochMicros | undefined>> {
    if (!isSymbol(symbol)) throw new ExchangeError('unknown_symbol', 'klines: not a symbol');
    return this.parts.client.klines({ symbol, interval: '1m', startTime: 0, limit: 1 }, mapFirstOpenTime, {
      signal,
      priority,
    });
  }

  async symbols(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    const asked = new Set(symbols.filter(isSymbol));
    const list = [...asked];
    const read = (body: unknown): MappedRows<SymbolInfo> => mapSymbols(body, asked);
    const fits = list.length > 0 && encodeSymbols(list).length <= MAX_SYMBOLS_PARAMETER;
    try {
      const answer = await this.parts.client.exchangeInfo(fits ? list : undefined, read, signal);
      return { ...answer, data: this.taken(answer.data) };
    } catch (error) {
      if (!isUnknownSymbol(error) || !fits) throw error;
    }
    // One unknown symbol fails the list, and which one is not said.
    const answer = await this.parts.client.exchangeInfo(undefined, read, signal);
    return { ...answer, data: this.taken(answer.data) };
  }

  async allSymbols(signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    const answer = await this.parts.client.exchangeInfo(undefined, (body) => mapSymbols(body), signal);
    return { ...answer, data: this.taken(answer.data) };
  }

  async serverTime(signal?: AbortSignal): Promise<ExchangeAnswer<ServerTime>> {
    return this.parts.client.time((body, _, trip) => ({ ...trip, time: mapServerTime(body) }), signal);
  }

  async ping(afterSilentMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.parts.state.silentMs < afterSilentMs) return false;
    try {
      return await this.parts.client.ping(signal);
    } catch (error) {
      // A refusal proves that the exchange is reachable.
      if (!(error instanceof ExchangeError) || isExchangeWide(error)) throw error;
      return true;
    }
  }

  status(): ExchangeStatus {
    const { hosts, budget, block, state } = this.parts;
    const host = hosts.current();
    const geoBlocked = hosts.geoBlocked().map(({ label }) => label);
    const aside = geoBlocked.length > 0 ? `refusing this region: ${geoBlocked.join(', ')}` : '';
    return {
      state: state.state,
      detail: state.state === 'ok' ? aside : state.detail,
      host: host?.label ?? '',
      origin: host?.origin ?? null,
      lastAnswerAt: state.lastAnswerAt,
      blockedUntil: block.until ?? hosts.geoBlockedUntil() ?? null,
      usedWeight: budget.usedWeight,
      weightLimit: budget.weightLimit,
    };
  }

  private async candles(
    symbol: string,
    interval: keyof typeof LENGTHS,
    range: TimeRange,
    options: KlineRequestOptions,
  ): Promise<CandlePage<MinuteCandle>> {
    const startTime = Math.ceil(range.start / MILLISECOND);
    const endTime = Math.ceil(range.end / MILLISECOND) - 1;
    if (endTime < startTime) throw new RangeError('the range of candles is empty');
    if (!isSymbol(symbol)) throw new ExchangeError('unknown_symbol', 'klines: not a symbol');
    const length = LENGTHS[interval];
    const { data, ...answer } = await this.parts.client.klines(
      { symbol, interval, startTime, endTime, limit: KLINE_PAGE_LIMIT },
      (body, capturedAt) => mapKlines(body, { symbol, range, length, capturedAt }),
      options,
    );
    const { rows, duplicates, leftOut, answered } = data;
    this.parts.metrics.rowsDropped.inc({ reason: 'duplicate' }, duplicates);
    for (const { reason } of leftOut) this.parts.metrics.rowsDropped.inc({ reason });
    return { ...answer, data: rows, leftOut, answered };
  }

  private taken<T>({ rows, dropped }: MappedRows<T>): readonly T[] {
    this.reportDropped(dropped);
    return rows;
  }

  private reportDropped(dropped: readonly DroppedRow[]): void {
    const [first] = dropped;
    if (first === undefined) return;
    for (const { reason } of dropped) this.parts.metrics.rowsDropped.inc({ reason });
    this.logger.warn({ rows: dropped.length, first: first.detail }, 'rows of the exchange were not taken');
  }
}

function isUnknownSymbol(error: unknown): boolean {
  return error instanceof ExchangeError && error.failure === 'unknown_symbol';
}
