import {
  CANDLE_PAGE_LIMIT,
  DAY,
  Exchange,
  ExchangeError,
  HOUR,
  isSymbol,
  MILLISECOND,
  MINUTE,
  type CandlePage,
  type Clock,
  type DayCandle,
  type EpochMicros,
  type ExchangeAnswer,
  type ExchangeStatus,
  type LeftOutTicker,
  type MinuteCandle,
  type ServerTime,
  type SymbolInfo,
  type TickerAnswer,
  type TickerRow,
  type TimeRange,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { BinanceMetrics } from './binance-metrics';
import { encodeSymbols, type BinanceRestClient, type KlinesQuery } from './binance-rest.client';
import type { RequestBlock } from './budget/request-block';
import type { RequestWeightBudget } from './budget/request-weight-budget';
import type { ExchangeState } from './exchange-state';
import type { HostPool } from './hosts/host-pool';
import { inParallel } from './in-parallel';
import type { DroppedRow, MappedRows } from './mappers/dropped-rows';
import { mapFirstOpenTime } from './mappers/first-open-time.mapper';
import { mapKlines } from './mappers/kline.mapper';
import { mapServerTime } from './mappers/server-time.mapper';
import { mapSymbols } from './mappers/symbol.mapper';
import { mapTickers } from './mappers/ticker.mapper';
import { RefusalError } from './refusal.error';
import { planTickerRequests } from './ticker-plan';

/** A symbol that the exchange did not know is asked for again after this long: it may have been listed. */
const UNKNOWN_SYMBOL_REST = HOUR;
/** Lists of one poll that are on their way at the same time. */
const CONCURRENT_LISTS = 4;
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

type Tickers = ExchangeAnswer<{
  readonly rows: readonly TickerRow[];
  readonly leftOut: readonly LeftOutTicker[];
  readonly unknown: readonly string[];
}>;

/** Binance spot market data in the platform's own terms. */
export class BinanceExchange extends Exchange {
  private readonly unknownUntil = new Map<string, EpochMicros>();

  constructor(
    private readonly parts: BinanceParts,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
  }

  /**
   * Symbols that the exchange does not know are listed and left out of the polls for an hour; a row that cannot be
   * read, or is missing, takes none of the others with it.
   */
  async tickers(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<TickerAnswer>> {
    const wanted = [...new Set(symbols)];
    if (wanted.length === 0) throw new RangeError('tickers of no symbol');
    const now = this.clock.now();
    const known = wanted.filter((symbol) => isSymbol(symbol) && !this.unknownUntil.has(symbol));
    const recheck = wanted.filter((symbol) => (this.unknownUntil.get(symbol) ?? Infinity) <= now);
    const resting = wanted.filter((symbol) => !known.includes(symbol) && !recheck.includes(symbol));

    const plan = planTickerRequests(known);
    const answers = await inParallel(
      [
        ...(plan === 'all'
          ? [() => this.allTickers(known, signal)]
          : plan.map((list) => () => this.tickersOf(list, signal))),
        // Symbols to be looked at again go by themselves: they would fail the list that they are in.
        ...recheck.map((symbol) => () => this.tickersOf([symbol], signal)),
      ],
      CONCURRENT_LISTS,
    );
    const { data, ...answer } = answers.length === 0 ? await this.noTickers(signal) : joined(answers);
    const unknown = new Set([...resting, ...data.unknown]);
    const { rows, leftOut } = data;
    return { ...answer, data: { rows, leftOut, unknownSymbols: wanted.filter((symbol) => unknown.has(symbol)) } };
  }

  /** @throws RangeError when the range holds no millisecond */
  minuteCandles(symbol: string, range: TimeRange, signal?: AbortSignal): Promise<CandlePage<MinuteCandle>> {
    return this.candles(symbol, '1m', range, signal);
  }

  /** @throws RangeError when the range holds no millisecond */
  dayCandles(symbol: string, range: TimeRange, signal?: AbortSignal): Promise<CandlePage<DayCandle>> {
    return this.candles(symbol, '1d', range, signal);
  }

  /** An answer to `startTime=0` begins at the first candle there is; whatever else its row says does not matter here. */
  async firstMinute(symbol: string, signal?: AbortSignal): Promise<ExchangeAnswer<EpochMicros | undefined>> {
    if (!isSymbol(symbol)) throw new ExchangeError('unknown_symbol', 'klines: not a symbol');
    return this.parts.client.klines({ symbol, interval: '1m', startTime: 0, limit: 1 }, mapFirstOpenTime, signal);
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

  async serverTime(signal?: AbortSignal): Promise<ExchangeAnswer<ServerTime>> {
    return this.parts.client.time((body, _, trip) => ({ ...trip, time: mapServerTime(body) }), signal);
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
    signal?: AbortSignal,
  ): Promise<CandlePage<MinuteCandle>> {
    const startTime = Math.ceil(range.start / MILLISECOND);
    const endTime = Math.ceil(range.end / MILLISECOND) - 1;
    if (endTime < startTime) throw new RangeError('the range of candles is empty');
    if (!isSymbol(symbol)) throw new ExchangeError('unknown_symbol', 'klines: not a symbol');
    const length = LENGTHS[interval];
    const { data, ...answer } = await this.parts.client.klines(
      { symbol, interval, startTime, endTime, limit: CANDLE_PAGE_LIMIT },
      (body, capturedAt) => mapKlines(body, { symbol, range, length, capturedAt }),
      signal,
    );
    const { rows, duplicates, leftOut, answered } = data;
    this.parts.metrics.rowsDropped.inc({ reason: 'duplicate' }, duplicates);
    for (const { reason } of leftOut) this.parts.metrics.rowsDropped.inc({ reason });
    return { ...answer, data: rows, leftOut, answered };
  }

  /** One list; when it holds an unknown symbol, its halves, until the unknown ones stand alone. */
  private async tickersOf(list: readonly string[], signal: AbortSignal | undefined): Promise<Tickers> {
    const asked = new Set(list);
    let refusal: RefusalError;
    try {
      const answer = await this.parts.client.ticker24hr(list, (body) => mapTickers(body, asked), signal);
      for (const symbol of list) this.unknownUntil.delete(symbol);
      return { ...answer, data: { ...this.judged(answer.data, list), unknown: [] } };
    } catch (error) {
      if (!isUnknownSymbol(error)) throw error;
      refusal = error;
    }
    if (list.length === 1) {
      const { receivedAt, origin } = refusal;
      this.rememberUnknown(list, origin);
      return { data: { rows: [], leftOut: [], unknown: list }, receivedAt, origin };
    }
    const middle = Math.ceil(list.length / 2);
    return joined([
      await this.tickersOf(list.slice(0, middle), signal),
      await this.tickersOf(list.slice(middle), signal),
    ]);
  }

  /** Every ticker of the exchange; what is not among them is not known to it. */
  private async allTickers(symbols: readonly string[], signal: AbortSignal | undefined): Promise<Tickers> {
    const asked = new Set(symbols);
    const answer = await this.parts.client.ticker24hr(undefined, (body) => mapTickers(body, asked), signal);
    const found = new Set([...answer.data.rows, ...answer.data.dropped].map(({ symbol }) => symbol));
    const [known, unknown] = [
      symbols.filter((symbol) => found.has(symbol)),
      symbols.filter((symbol) => !found.has(symbol)),
    ];
    return { ...answer, data: { ...this.judged(answer.data, known), unknown } };
  }

  /** Nothing to ask for; the exchange's time stands for an answer, since an answer says when and from where. */
  private async noTickers(signal: AbortSignal | undefined): Promise<Tickers> {
    return { ...(await this.serverTime(signal)), data: { rows: [], leftOut: [], unknown: [] } };
  }

  private rememberUnknown(symbols: readonly string[], origin: string): void {
    const until = this.clock.now() + UNKNOWN_SYMBOL_REST;
    for (const symbol of symbols) {
      if (!this.unknownUntil.has(symbol))
        this.logger.warn({ symbol, origin }, 'the exchange does not know this symbol');
      this.unknownUntil.set(symbol, until);
    }
  }

  /** The rows, and which of the symbols have none, with the reason. */
  private judged(
    { rows, dropped }: MappedRows<TickerRow>,
    symbols: readonly string[],
  ): { rows: readonly TickerRow[]; leftOut: LeftOutTicker[] } {
    const there = new Set(rows.map(({ symbol }) => symbol));
    const details = new Map(dropped.map(({ symbol, detail }) => [symbol, detail]));
    const absent = symbols.filter((symbol) => !there.has(symbol));
    const leftOut = absent.map((symbol) => {
      const detail = details.get(symbol);
      if (detail === undefined) this.parts.metrics.rowsDropped.inc({ reason: 'absent' });
      return { symbol, detail: detail ?? `the answer has no ticker of ${symbol}` };
    });
    this.reportDropped(dropped);
    return { rows, leftOut };
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

/** The parts of one poll as one answer, received when the last of them was. @throws ExchangeError when origins differ */
function joined(parts: readonly Tickers[]): Tickers {
  const origins = new Set(parts.map(({ origin }) => origin));
  const [origin] = origins;
  if (origin === undefined || origins.size > 1) {
    throw new ExchangeError(
      'unreachable',
      `answers of one poll came from different origins: ${[...origins].join(', ')}`,
    );
  }
  return {
    data: {
      rows: parts.flatMap(({ data }) => data.rows),
      leftOut: parts.flatMap(({ data }) => data.leftOut),
      unknown: parts.flatMap(({ data }) => data.unknown),
    },
    receivedAt: Math.max(...parts.map(({ receivedAt }) => receivedAt)),
    origin,
  };
}

function isUnknownSymbol(error: unknown): error is RefusalError {
  return error instanceof RefusalError && error.failure === 'unknown_symbol';
}
