import { createBinanceExchange } from '@app/binance';
import {
  DAY,
  Exchange,
  ExchangeError,
  floorTo,
  MINUTE,
  SECOND,
  type CandlePage,
  type DayCandle,
  type ExchangeAnswer,
  type ExchangeFailure,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakeExchange } from '@app/testing';
import { InProcessExchange } from '../../support/in-process-exchange';
import { NOON } from '../../support/test-store';

/** Half a minute has passed of the minute that is forming. */
const NOW = NOON + 30 * SECOND;
const TODAY = floorTo(NOW, DAY);
const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';
const UNKNOWN = 'NOSUCHPAIR';
/** More than one page of days. */
const DAYS_LISTED = 1_200;

interface Subject {
  readonly exchange: Exchange;
  readonly clock: FakeClock;
  /** The exchange has no rows of the symbol in the range. */
  absent(symbol: string, range: TimeRange): void;
  /** Lists a symbol that has not traded yet. */
  list(): string;
  /** The row of a minute breaks the contract. */
  breakMinute(symbol: string, openTime: number): void;
  breakTicker(symbol: string): void;
  /** Every request fails in that way, until {@link recover}. */
  fail(failure: ExchangeFailure): void;
  /** No request is answered before {@link recover}. */
  hang(): void;
  recover(): void;
}

/** Answers of the simulator that are told as the failure. */
const FAULTS: Partial<Record<ExchangeFailure, object>> = {
  unreachable: { kind: 'reset' },
  rate_limited: { kind: 'rate-limit', retry_after_seconds: 3_600 },
  banned: { kind: 'ban', retry_after_seconds: 7_200 },
  geo_blocked: { kind: 'geo-block' },
  failing: { kind: 'status', status: 503 },
  malformed: { kind: 'status', status: 200, body: '"no answer to this"' },
  not_found: { kind: 'status', status: 404 },
  rejected: { kind: 'status', status: 400, body: { code: -1100, msg: 'Illegal characters found in a parameter.' } },
};
const iso = (time: number): string => new Date(time / 1_000).toISOString();

function binanceSubject(simulator: InProcessExchange, clock: FakeClock): Subject {
  let market: object[] = [];
  simulator.setFaults([]);
  const set = (...faults: object[]): void => {
    simulator.setFaults([...market, ...faults]);
  };
  const more = (fault: object): void => {
    market = [...market, fault];
    set();
  };
  const exchange = createBinanceExchange(
    { restUrls: [simulator.url], clock, logger: createLogger('silent', 'test'), metrics: new MetricsRegistry() },
    { retryDelayMs: () => 0, maxBlockWaitMs: 0 },
  );
  return {
    exchange,
    clock,
    absent: (symbol, { start, end }) => {
      more({ kind: 'absent', symbol, start: iso(start), end: iso(end) });
    },
    list: () => {
      more({ kind: 'list', base_asset: 'NEW', quote_asset: 'USDT', start: iso(floorTo(NOW, MINUTE)) });
      more({ kind: 'absent', symbol: 'NEWUSDT', start: iso(floorTo(NOW, MINUTE)), end: iso(NOW + 30 * SECOND) });
      return 'NEWUSDT';
    },
    breakMinute: (symbol, openTime) => {
      const [start, end] = [iso(openTime), iso(openTime + MINUTE)];
      more({ kind: 'broken-row', symbol, start, end, field: 'high', value: 'high' });
    },
    breakTicker: (symbol) => {
      more({ kind: 'broken-ticker', symbol, value: 'expensive' });
    },
    fail: (failure) => {
      set(FAULTS[failure] ?? {});
    },
    hang: () => {
      set({ kind: 'slow', delay_ms: 600_000 });
    },
    recover: () => {
      set();
    },
  };
}

function fakeSubject(clock: FakeClock): Subject {
  const exchange = new FakeExchange(clock, [BTC, ETH]);
  const absent: (TimeRange & { readonly symbol: string })[] = [];
  exchange.listedAt = TODAY - DAYS_LISTED * DAY;
  exchange.has = (symbol, time) =>
    !absent.some((range) => range.symbol === symbol && time >= range.start && time < range.end);
  exchange.days = Array.from({ length: DAYS_LISTED + 1 }, (_, day) => ({
    symbol: BTC,
    openTime: TODAY - (DAYS_LISTED - day) * DAY,
    ...{ open: '1', high: '1', low: '1', close: '1', volume: '1', quoteVolume: '1', tradeCount: 1 },
    ...{ takerBuyVolume: '1', takerBuyQuoteVolume: '1' },
  }));
  return {
    exchange,
    clock,
    absent: (symbol, range) => {
      absent.push({ symbol, ...range });
    },
    list: () => {
      exchange.listedAt = undefined;
      exchange.statuses.set('NEWUSDT', 'TRADING');
      return 'NEWUSDT';
    },
    breakMinute: (symbol, openTime) => exchange.broken.set(`${symbol} ${openTime}`, 'high is not a decimal'),
    breakTicker: (symbol) => exchange.brokenTickers.set(symbol, 'lastPrice is not a decimal'),
    fail: (failure) => {
      const wide = ['rate_limited', 'banned', 'geo_blocked'].includes(failure);
      const retryAt = wide ? clock.now() + 60 * MINUTE : undefined;
      exchange.fault = () => new ExchangeError(failure, `refused: ${failure}`, { retryAt });
    },
    hang: () => {
      exchange.gate = new Promise(() => undefined);
    },
    recover: () => {
      exchange.fault = () => undefined;
      exchange.gate = Promise.resolve();
    },
  };
}

const minutes = (start: number, end: number): TimeRange => ({
  start: floorTo(NOW, MINUTE) + start * MINUTE,
  end: floorTo(NOW, MINUTE) + end * MINUTE,
});
const openTimes = ({ data }: CandlePage<MinuteCandle | DayCandle>): number[] => data.map(({ openTime }) => openTime);
const everyMinute = ({ start, end }: TimeRange): number[] =>
  Array.from({ length: (end - start) / MINUTE }, (_, index) => start + index * MINUTE);

/** Every method that asks the exchange. */
const REQUESTS: [string, (exchange: Exchange, signal?: AbortSignal) => Promise<ExchangeAnswer<unknown>>][] = [
  ['tickers', (exchange, signal) => exchange.tickers([BTC], signal)],
  ['minuteCandles', (exchange, signal) => exchange.minuteCandles(BTC, minutes(-5, 0), signal)],
  ['firstMinute', (exchange, signal) => exchange.firstMinute(BTC, signal)],
  ['dayCandles', (exchange, signal) => exchange.dayCandles(BTC, { start: TODAY - DAY, end: TODAY }, signal)],
  ['symbols', (exchange, signal) => exchange.symbols([BTC], signal)],
  ['allSymbols', (exchange, signal) => exchange.allSymbols(signal)],
  ['serverTime', (exchange, signal) => exchange.serverTime(signal)],
];

describe.each(['Binance over the simulator', 'the fake'])('the contract of Exchange: %s', (name) => {
  let clock = new FakeClock(NOW);
  let simulator: InProcessExchange | undefined;
  let subject: Subject;
  let exchange: Exchange;

  beforeAll(async () => {
    if (name !== 'the fake') simulator = await InProcessExchange.start({ now: () => clock.now() });
  });

  afterAll(() => simulator?.close());

  beforeEach(() => {
    clock = new FakeClock(NOW);
    subject = simulator ? binanceSubject(simulator, clock) : fakeSubject(clock);
    ({ exchange } = subject);
  });

  describe('an answer', () => {
    it.each(REQUESTS)('of %s should say when it was received and whose data it has', async (_, ask) => {
      expect(exchange.status()).toMatchObject({ state: 'unknown', lastAnswerAt: null, blockedUntil: null });
      const first = await ask(exchange);
      clock.advance(SECOND);
      const second = await ask(exchange);
      expect([first.receivedAt, second.receivedAt]).toEqual([NOW, NOW + SECOND]);
      expect(first.origin).not.toBe('');
      expect(second.origin).toBe(first.origin);
      expect(exchange.status()).toMatchObject({
        state: 'ok',
        detail: '',
        origin: first.origin,
        lastAnswerAt: NOW + SECOND,
        blockedUntil: null,
      });
    });

    it.each(REQUESTS)('of %s should not be waited for once the caller aborts', async (_, ask) => {
      const reason = new Error('enough');
      await expect(ask(exchange, AbortSignal.abort(reason))).rejects.toBe(reason);
      // Where the data comes from is known before the request is sent that hangs.
      await exchange.serverTime();
      subject.hang();
      const controller = new AbortController();
      const asked = ask(exchange, controller.signal);
      setTimeout(() => {
        controller.abort(reason);
      }, 20);
      await expect(asked).rejects.toBe(reason);
      subject.recover();
      await expect(ask(exchange)).resolves.toMatchObject({ receivedAt: NOW });
    });
  });

  describe('tickers', () => {
    const sorted = (rows: readonly { readonly symbol: string }[]): string[] => rows.map(({ symbol }) => symbol).sort();

    it('should have a row for each symbol, as texts', async () => {
      const { data } = await exchange.tickers([ETH, BTC]);
      expect(sorted(data.rows)).toEqual([BTC, ETH]);
      for (const { lastPrice, priceChangePercent, volume } of data.rows) {
        for (const text of [lastPrice, priceChangePercent, volume]) expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      }
      expect(data).toMatchObject({ leftOut: [], refused: [] });
    });

    it('should lose none of the others to a symbol that is refused, or whose row is not accepted', async () => {
      subject.breakTicker(ETH);
      const { data } = await exchange.tickers([UNKNOWN, ETH, BTC]);
      expect(sorted(data.rows)).toEqual([BTC]);
      expect(data.leftOut).toEqual([{ symbol: ETH, detail: expect.stringContaining('lastPrice') as string }]);
      expect(data.refused).toMatchObject([{ symbol: UNKNOWN, failure: 'unknown_symbol' }]);
      expect(data.refused[0]?.reason).not.toBe('');
    });

    it('should fail when no symbol was answered for', async () => {
      const error: unknown = await exchange.tickers([UNKNOWN]).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ExchangeError);
      expect(error).toMatchObject({ code: 'EXCHANGE.REQUEST_FAILED', failure: 'unknown_symbol' });
    });
  });

  describe('minutes', () => {
    it('should be those that open in the half-open range, ascending', async () => {
      const range = minutes(-10, -5);
      const page = await exchange.minuteCandles(BTC, range);
      expect(openTimes(page)).toEqual(everyMinute(range));
      expect(page).toMatchObject({ leftOut: [], answered: range });
      for (const candle of page.data) {
        expect(candle).toMatchObject({ symbol: BTC, capturedAt: page.receivedAt });
        expect(floorTo(candle.closeTime, MINUTE)).toBe(candle.openTime);
      }
      const later = { start: range.start + 1, end: range.end + 1 };
      expect(openTimes(await exchange.minuteCandles(BTC, later))).toEqual(everyMinute(minutes(-9, -4)));
    });

    it('should end with the one that is forming, and have none of the future', async () => {
      const page = await exchange.minuteCandles(BTC, minutes(-2, 10));
      expect(openTimes(page)).toEqual(everyMinute(minutes(-2, 1)));
      expect(page.answered).toEqual(minutes(-2, 10));
      expect(await exchange.minuteCandles(BTC, minutes(1, 10))).toMatchObject({ data: [], answered: minutes(1, 10) });
    });

    it('should come in pages, each of which says how far it speaks', async () => {
      const range = minutes(-2_400, 1);
      const pages: number[][] = [];
      for (let { start } = range; start < range.end;) {
        const page = await exchange.minuteCandles(BTC, { start, end: range.end });
        expect(page.answered.start).toBe(start);
        expect(openTimes(page).every((time) => time >= start && time < page.answered.end)).toBe(true);
        pages.push(openTimes(page));
        start = page.answered.end;
      }
      expect(pages.map(({ length }) => length)).toEqual([exchange.candlesPerPage, exchange.candlesPerPage, 401]);
      expect(pages.flat()).toEqual(everyMinute(range));
    });

    it('should speak for a range of which the exchange has no row', async () => {
      subject.absent(BTC, minutes(-8, -6));
      const page = await exchange.minuteCandles(BTC, minutes(-10, -5));
      expect(openTimes(page)).toEqual([...everyMinute(minutes(-10, -8)), ...everyMinute(minutes(-6, -5))]);
      expect(page).toMatchObject({ leftOut: [], answered: minutes(-10, -5) });
    });

    it('should leave out rows that are not accepted, one by one', async () => {
      for (const index of [-7, -9]) subject.breakMinute(BTC, minutes(index, 0).start);
      const page = await exchange.minuteCandles(BTC, minutes(-10, -5));
      expect(openTimes(page)).toEqual([-10, -8, -6].map((index) => minutes(index, 0).start));
      expect(page.leftOut).toMatchObject([
        { ...minutes(-9, -8), reason: 'broken' },
        { ...minutes(-7, -6), reason: 'broken' },
      ]);
      expect(page.leftOut.every(({ detail }) => detail.includes('high'))).toBe(true);
      expect(page.answered).toEqual(minutes(-10, -5));
    });
  });

  describe('the first minute', () => {
    it('should be the first one that there is', async () => {
      const { data } = await exchange.firstMinute(BTC);
      if (data === undefined) throw new Error(`${BTC} has no first minute`);
      const around = { start: data - 60 * MINUTE, end: data + 2 * MINUTE };
      const page = await exchange.minuteCandles(BTC, around);
      expect(openTimes(page)[0]).toBe(data);
    });

    it('should be undefined while there is none', async () => {
      const symbol = subject.list();
      expect((await exchange.firstMinute(symbol)).data).toBeUndefined();
      expect((await exchange.minuteCandles(symbol, minutes(-5, 5))).data).toEqual([]);
    });
  });

  describe('days', () => {
    it('should be those that open in the half-open range, ascending, with the one that is open', async () => {
      const range = { start: TODAY - 3 * DAY, end: TODAY };
      const page = await exchange.dayCandles(BTC, range);
      expect(openTimes(page)).toEqual([3, 2, 1].map((back) => TODAY - back * DAY));
      expect(page).toMatchObject({ leftOut: [], answered: range });
      expect(page.data.every(({ symbol }) => symbol === BTC)).toBe(true);
      const open = await exchange.dayCandles(BTC, { start: TODAY, end: TODAY + 5 * DAY });
      expect(openTimes(open)).toEqual([TODAY]);
    });

    it('should come in pages, each of which says how far it speaks', async () => {
      const range = { start: TODAY - 1_100 * DAY, end: TODAY + DAY };
      const first = await exchange.dayCandles(BTC, range);
      expect(first.data).toHaveLength(exchange.candlesPerPage);
      expect(first.answered).toEqual({ start: range.start, end: range.start + exchange.candlesPerPage * DAY });
      const rest = { start: first.answered.end, end: range.end };
      const last = await exchange.dayCandles(BTC, rest);
      expect(last.answered).toEqual(rest);
      expect([...openTimes(first), ...openTimes(last)]).toEqual(
        Array.from({ length: 1_101 }, (_, index) => range.start + index * DAY),
      );
    });
  });

  describe('symbols', () => {
    it('should be described where the exchange knows them', async () => {
      const { data } = await exchange.symbols([BTC, UNKNOWN, ETH]);
      expect([...data].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))).toEqual([
        { symbol: BTC, baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' },
        { symbol: ETH, baseAsset: 'ETH', quoteAsset: 'USDT', status: 'TRADING' },
      ]);
      expect((await exchange.symbols([UNKNOWN])).data).toEqual([]);
    });

    it('should be listed without being named', async () => {
      const listed = (await exchange.allSymbols()).data;
      expect(listed).toEqual(expect.arrayContaining([...(await exchange.symbols([BTC, ETH])).data]));
      expect(new Set(listed.map(({ symbol }) => symbol)).size).toBe(listed.length);
    });

    it.each(REQUESTS.slice(1, 4))('should be refused by %s when they are unknown', async (method) => {
      const range = { start: TODAY - DAY, end: TODAY };
      const asked: Record<string, () => Promise<unknown>> = {
        minuteCandles: () => exchange.minuteCandles(UNKNOWN, range),
        firstMinute: () => exchange.firstMinute(UNKNOWN),
        dayCandles: () => exchange.dayCandles(UNKNOWN, range),
      };
      const error: unknown = await asked[method]?.().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ExchangeError);
      expect(error).toMatchObject({ failure: 'unknown_symbol' });
    });
  });

  it("should tell the exchange's time between two counts of our own", async () => {
    const before = clock.monotonicNow();
    const { data } = await exchange.serverTime();
    expect(data.time).toBe(NOW);
    expect(data.sentAt).toBeGreaterThanOrEqual(before);
    expect(data.receivedAt).toBeGreaterThanOrEqual(data.sentAt);
  });

  describe('a failure', () => {
    const failures: [ExchangeFailure][] = (Object.keys(FAULTS) as ExchangeFailure[]).map((failure) => [failure]);

    it.each(failures)('should be told by its class, and never be final: %s', async (failure) => {
      const { origin } = await exchange.serverTime();
      for (const [, ask] of REQUESTS) {
        subject.fail(failure);
        const error: unknown = await ask(exchange).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ExchangeError);
        expect(error).toMatchObject({ code: 'EXCHANGE.REQUEST_FAILED', failure });
        subject.recover();
        clock.advance(3 * DAY);
        await expect(ask(exchange)).resolves.toMatchObject({ origin });
      }
    });

    it.each(['rate_limited', 'banned', 'geo_blocked'] as const)(
      'should say when to ask again, and concern every request: %s',
      async (failure) => {
        await exchange.serverTime();
        subject.fail(failure);
        for (const [, ask] of REQUESTS) {
          const error: unknown = await ask(exchange).catch((reason: unknown) => reason);
          expect(error).toMatchObject({ failure });
          expect((error as ExchangeError).retryAt).toBeGreaterThan(NOW);
        }
        expect(exchange.status().state).toBe(failure);
      },
    );
  });
});
