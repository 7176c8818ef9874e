import {
  DAY,
  Exchange,
  ExchangeError,
  isExchangeWide,
  KLINE_SOURCE,
  MILLISECOND,
  MINUTE,
  type CandlePage,
  type Clock,
  type DayCandle,
  type EpochMicros,
  type ExchangeAnswer,
  type ExchangeStatus,
  type LeftOutMinutes,
  type MinuteCandle,
  type RequestPriority,
  type ServerTime,
  type SymbolInfo,
  type TickerAnswer,
  type TimeRange,
} from '@app/domain';

export interface ExchangeCall {
  readonly method:
    'tickers' | 'minuteCandles' | 'dayCandles' | 'firstMinute' | 'symbols' | 'allSymbols' | 'serverTime' | 'ping';
  readonly symbol?: string;
  readonly symbols?: readonly string[];
  readonly range?: TimeRange;
  /** Of minutes. */
  readonly priority?: RequestPriority;
}

function buildSymbol(symbol: string, status: string): SymbolInfo {
  return { symbol, baseAsset: symbol.slice(0, 3), quoteAsset: 'USDT', status };
}

const UNKNOWN_SYMBOL = 'HTTP 400: -1121 Invalid symbol.';

/** A minute whose numbers follow from its time: one trade at a price that rises by one each minute. */
export function buildMinute(symbol: string, openTime: EpochMicros, changes: Partial<MinuteCandle> = {}): MinuteCandle {
  const price = `${1_000 + (Math.floor(openTime / MINUTE) % 1_000)}.50`;
  return {
    symbol,
    openTime,
    closeTime: openTime + MINUTE - MILLISECOND,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: '2.00',
    quoteVolume: '10.00',
    tradeCount: 1,
    takerBuyVolume: '1.00',
    takerBuyQuoteVolume: '5.00',
    source: KLINE_SOURCE,
    capturedAt: openTime + MINUTE,
    ...changes,
  };
}

/**
 * An exchange that trades every minute of every known symbol, up to the clock's time, the forming minute included.
 * Absent minutes, changed minutes, statuses and failures are set from outside.
 */
export class FakeExchange extends Exchange {
  readonly candlesPerPage = 1_000;
  origin = 'simulator:test';
  readonly calls: ExchangeCall[] = [];
  readonly statuses = new Map<string, string>();
  /** Whether the exchange has a row for the minute. */
  has: (symbol: string, openTime: EpochMicros) => boolean = () => true;
  /** Another row than {@link buildMinute} for a minute. */
  readonly changes = new Map<string, Partial<MinuteCandle>>();
  /** Minutes whose rows break the contract, as `symbol time`, and what is wrong with each. */
  readonly broken = new Map<string, string>();
  /** Symbols whose tickers break the contract, and what is wrong with each. */
  readonly brokenTickers = new Map<string, string>();
  /** The days that the exchange gives, in the order of their dates. */
  days: readonly DayCandle[] = [];
  /** Days of which the exchange gives a row that is not accepted. */
  leftOutDays: readonly LeftOutMinutes[] = [];
  /** Open time of the first minute of every symbol; undefined while none has been listed. */
  listedAt: EpochMicros | undefined = 0;
  /** The same of single symbols. */
  readonly listings = new Map<string, EpochMicros>();
  /** Looks at a call before it is answered; the error that it returns is thrown. */
  fault: (call: ExchangeCall) => Error | undefined = () => undefined;
  /** Awaited before each answer. */
  gate: Promise<unknown> = Promise.resolve();
  /** How far the exchange's clock is ahead of ours. */
  skew: EpochMicros = 0;
  /** For how many real milliseconds nothing has come. */
  silentMs = 0;
  /** Overrides what the status says. */
  current: Partial<ExchangeStatus> = {};
  private lastAnswerAt: EpochMicros | null = null;
  /** What the status says of the last failure that concerns every request. */
  private refusal: Partial<ExchangeStatus> = {};

  constructor(
    private readonly clock: Clock,
    symbols: readonly string[],
    /** What answers are stamped by: the clock of the process. */
    private readonly stamps: Clock = clock,
  ) {
    super();
    for (const symbol of symbols) this.statuses.set(symbol, 'TRADING');
  }

  async tickers(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<TickerAnswer>> {
    await this.called({ method: 'tickers', symbols }, signal);
    const unknown = symbols.filter((symbol) => !this.statuses.has(symbol));
    if (unknown.length === symbols.length) throw new ExchangeError('unknown_symbol', UNKNOWN_SYMBOL);
    const known = symbols.filter((symbol) => this.statuses.has(symbol)).reverse();
    const readable = known.filter((symbol) => !this.brokenTickers.has(symbol));
    return this.answer({
      leftOut: known.flatMap((symbol) => {
        const detail = this.brokenTickers.get(symbol);
        return detail === undefined ? [] : [{ symbol, detail }];
      }),
      rows: readable.map((symbol) => ({ symbol, lastPrice: '10.50', priceChangePercent: '-1.250', volume: '7.00' })),
      refused: unknown.map((symbol) => ({ symbol, failure: 'unknown_symbol', reason: UNKNOWN_SYMBOL })),
    });
  }

  async minuteCandles(
    symbol: string,
    range: TimeRange,
    signal?: AbortSignal,
    priority: RequestPriority = 'live',
  ): Promise<CandlePage<MinuteCandle>> {
    await this.called({ method: 'minuteCandles', symbol, range, priority }, signal);
    this.mustKnow(symbol);
    const now = this.clock.now() + this.skew;
    const rows: MinuteCandle[] = [];
    const leftOut: LeftOutMinutes[] = [];
    const first = Math.ceil(range.start / MINUTE) * MINUTE;
    const listedAt = this.listedFrom(symbol) ?? Infinity;
    let time = first;
    for (; time < range.end && time <= now && rows.length + leftOut.length < this.candlesPerPage; time += MINUTE) {
      if (time < listedAt || !this.has(symbol, time)) continue;
      const detail = this.broken.get(`${symbol} ${time}`);
      if (detail !== undefined) {
        leftOut.push({ start: time, end: time + MINUTE, reason: 'broken', detail });
        continue;
      }
      const change = this.changes.get(`${symbol} ${time}`) ?? {};
      rows.push(buildMinute(symbol, time, { capturedAt: this.stamps.now(), ...change }));
    }
    const isFull = rows.length + leftOut.length === this.candlesPerPage;
    return { ...this.answer(rows), leftOut, answered: isFull ? { start: range.start, end: time } : range };
  }

  async dayCandles(symbol: string, range: TimeRange, signal?: AbortSignal): Promise<CandlePage<DayCandle>> {
    await this.called({ method: 'dayCandles', symbol, range }, signal);
    this.mustKnow(symbol);
    const rows = this.days.filter(
      (day) => day.symbol === symbol && day.openTime >= range.start && day.openTime < range.end,
    );
    const leftOut = this.leftOutDays.filter(({ start }) => start >= range.start && start < range.end);
    const page = rows.slice(0, this.candlesPerPage);
    const last = page[this.candlesPerPage - 1];
    const answered = last ? { start: range.start, end: Math.min(range.end, last.openTime + DAY) } : range;
    return { ...this.answer(page), leftOut, answered };
  }

  async firstMinute(symbol: string, signal?: AbortSignal): Promise<ExchangeAnswer<EpochMicros | undefined>> {
    await this.called({ method: 'firstMinute', symbol }, signal);
    this.mustKnow(symbol);
    return this.answer(this.listedFrom(symbol));
  }

  async symbols(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    await this.called({ method: 'symbols' }, signal);
    return this.answer(
      symbols.flatMap((symbol) => {
        const status = this.statuses.get(symbol);
        return status === undefined ? [] : [buildSymbol(symbol, status)];
      }),
    );
  }

  async allSymbols(signal?: AbortSignal): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    await this.called({ method: 'allSymbols' }, signal);
    return this.answer([...this.statuses].map(([symbol, status]) => buildSymbol(symbol, status)));
  }

  async serverTime(signal?: AbortSignal): Promise<ExchangeAnswer<ServerTime>> {
    const sentAt = this.clock.monotonicNow();
    await this.called({ method: 'serverTime' }, signal);
    return this.answer({ time: this.clock.now() + this.skew, sentAt, receivedAt: this.clock.monotonicNow() });
  }

  async ping(afterSilentMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.silentMs < afterSilentMs) return false;
    await this.called({ method: 'ping' }, signal);
    if (this.refusal.state === 'unreachable') this.refusal = {};
    return true;
  }

  status(): ExchangeStatus {
    return {
      state: this.lastAnswerAt === null ? 'unknown' : 'ok',
      detail: '',
      host: 'exchange.test',
      origin: this.origin,
      lastAnswerAt: this.lastAnswerAt,
      blockedUntil: null,
      usedWeight: 0,
      weightLimit: 6_000,
      ...this.refusal,
      ...this.current,
    };
  }

  private listedFrom(symbol: string): EpochMicros | undefined {
    return this.listings.get(symbol) ?? this.listedAt;
  }

  private mustKnow(symbol: string): void {
    if (!this.statuses.has(symbol)) throw new ExchangeError('unknown_symbol', `${symbol} is not known`);
  }

  private async called(call: ExchangeCall, signal: AbortSignal | undefined): Promise<void> {
    this.calls.push(call);
    signal?.throwIfAborted();
    await (signal ? Promise.race([this.gate, aborted(signal)]) : this.gate);
    const error = this.fault(call);
    if (!error) return;
    if (error instanceof ExchangeError && isExchangeWide(error)) this.refusal = refusalOf(error);
    throw error;
  }

  private answer<T>(data: T): ExchangeAnswer<T> {
    this.lastAnswerAt = this.stamps.now();
    this.refusal = {};
    return { data, receivedAt: this.lastAnswerAt, origin: this.origin };
  }
}

function refusalOf({ failure, message, retryAt }: ExchangeError): Partial<ExchangeStatus> {
  return { state: failure as ExchangeStatus['state'], detail: message, blockedUntil: retryAt ?? null };
}

/** Rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}
