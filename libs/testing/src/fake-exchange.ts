import {
  CANDLE_PAGE_LIMIT,
  Exchange,
  ExchangeError,
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
  type ServerTime,
  type SymbolInfo,
  type TickerAnswer,
  type TimeRange,
} from '@app/domain';

export interface ExchangeCall {
  readonly method: 'tickers' | 'minuteCandles' | 'dayCandles' | 'firstMinute' | 'symbols' | 'serverTime';
  readonly symbol?: string;
  readonly symbols?: readonly string[];
  readonly range?: TimeRange;
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
  /** Looks at a call before it is answered; the error that it returns is thrown. */
  fault: (call: ExchangeCall) => Error | undefined = () => undefined;
  /** Awaited before each answer. */
  gate: Promise<unknown> = Promise.resolve();
  /** How far the exchange's clock is ahead of ours. */
  skew: EpochMicros = 0;
  current: Partial<ExchangeStatus> = {};

  constructor(
    private readonly clock: Clock,
    symbols: readonly string[],
    /** What answers are stamped by: the clock of the process. */
    private readonly stamps: Clock = clock,
  ) {
    super();
    for (const symbol of symbols) this.statuses.set(symbol, 'TRADING');
  }

  async tickers(symbols: readonly string[]): Promise<ExchangeAnswer<TickerAnswer>> {
    await this.called({ method: 'tickers', symbols });
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

  async minuteCandles(symbol: string, range: TimeRange): Promise<CandlePage<MinuteCandle>> {
    await this.called({ method: 'minuteCandles', symbol, range });
    if (!this.statuses.has(symbol)) throw new ExchangeError('unknown_symbol', `${symbol} is not known`);
    const now = this.clock.now() + this.skew;
    const rows: MinuteCandle[] = [];
    const leftOut: LeftOutMinutes[] = [];
    const first = Math.ceil(range.start / MINUTE) * MINUTE;
    let time = first;
    for (; time < range.end && time <= now && rows.length + leftOut.length < CANDLE_PAGE_LIMIT; time += MINUTE) {
      if (!this.has(symbol, time)) continue;
      const detail = this.broken.get(`${symbol} ${time}`);
      if (detail !== undefined) {
        leftOut.push({ start: time, end: time + MINUTE, reason: 'broken', detail });
        continue;
      }
      const change = this.changes.get(`${symbol} ${time}`) ?? {};
      rows.push(buildMinute(symbol, time, { capturedAt: this.stamps.now(), ...change }));
    }
    const isFull = rows.length + leftOut.length === CANDLE_PAGE_LIMIT;
    return { ...this.answer(rows), leftOut, answered: isFull ? { start: range.start, end: time } : range };
  }

  async dayCandles(symbol: string, range: TimeRange): Promise<CandlePage<DayCandle>> {
    await this.called({ method: 'dayCandles', symbol, range });
    const rows = this.days.filter(
      (day) => day.symbol === symbol && day.openTime >= range.start && day.openTime < range.end,
    );
    const leftOut = this.leftOutDays.filter(({ start }) => start >= range.start && start < range.end);
    return { ...this.answer(rows.slice(0, CANDLE_PAGE_LIMIT)), leftOut, answered: range };
  }

  async firstMinute(symbol: string): Promise<ExchangeAnswer<EpochMicros | undefined>> {
    await this.called({ method: 'firstMinute', symbol });
    if (!this.statuses.has(symbol)) throw new ExchangeError('unknown_symbol', `${symbol} is not known`);
    return this.answer(this.listedAt);
  }

  async symbols(symbols: readonly string[]): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    await this.called({ method: 'symbols' });
    return this.answer(
      symbols.flatMap((symbol) => {
        const status = this.statuses.get(symbol);
        return status === undefined ? [] : [{ symbol, baseAsset: symbol.slice(0, 3), quoteAsset: 'USDT', status }];
      }),
    );
  }

  async serverTime(): Promise<ExchangeAnswer<ServerTime>> {
    const sentAt = this.clock.monotonicNow();
    await this.called({ method: 'serverTime' });
    return this.answer({ time: this.clock.now() + this.skew, sentAt, receivedAt: this.clock.monotonicNow() });
  }

  status(): ExchangeStatus {
    return {
      state: 'ok',
      detail: '',
      host: 'exchange.test',
      origin: this.origin,
      lastAnswerAt: null,
      blockedUntil: null,
      usedWeight: 0,
      weightLimit: 6_000,
      ...this.current,
    };
  }

  private async called(call: ExchangeCall): Promise<void> {
    this.calls.push(call);
    await this.gate;
    const error = this.fault(call);
    if (error) throw error;
  }

  private answer<T>(data: T): ExchangeAnswer<T> {
    return { data, receivedAt: this.stamps.now(), origin: this.origin };
  }
}
