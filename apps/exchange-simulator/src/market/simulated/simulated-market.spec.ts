import { formatUnits } from '../fixed-point';
import { BucketGrid, DAY, INTERVALS, MINUTE, type Interval } from '../interval';
import type { Candle } from '../market';
import { LISTINGS, type Listing } from './listing';
import { SimulatedMarket } from './simulated-market';
import { TradeTape, type Trade } from './trade-tape';
import { TradingCalendar } from './trading-calendar';

const SEED = 'spec';
const NOW = Date.parse('2026-03-18T13:37:42.123Z');
const calendar = new TradingCalendar(SEED);

const listing = (symbol: string): Listing =>
  LISTINGS.find(({ baseAsset, quoteAsset }) => baseAsset + quoteAsset === symbol)!;
const tapeOf = (symbol: string): TradeTape => new TradeTape(SEED, listing(symbol), calendar);

interface TimedTrade extends Trade {
  time: number;
}

/** The trades of [start, end), minute by minute. */
function tradesBetween(tape: TradeTape, start: number, end: number): TimedTrade[] {
  const trades: TimedTrade[] = [];
  for (let minute = Math.floor(start / MINUTE); minute * MINUTE < end; minute += 1) {
    for (const trade of tape.tradesOf(minute)) {
      const time = minute * MINUTE + trade.offset;
      if (time >= start && time < end) {
        trades.push({ ...trade, time });
      }
    }
  }
  return trades;
}

/** Raw trades in consecutive trades. */
function fillsOf(tape: TradeTape, trades: readonly Trade[]): number {
  return trades.reduce((total, { index }) => total + tape.fillsBefore(index + 1) - tape.fillsBefore(index), 0);
}

/** The candle of a bucket straight from its trades, by the rules of the exchange. */
function naiveCandle(tape: TradeTape, start: number, end: number, now: number): Candle | undefined {
  const { priceDecimals, quantityDecimals, listedAt, haltedAt = Infinity } = tape.listing;
  let exists = false;
  for (let minute = Math.floor(start / MINUTE); minute * MINUTE < Math.min(end, now + 1); minute += 1) {
    const time = minute * MINUTE;
    exists ||= calendar.isTrading(minute) && time >= listedAt && time < haltedAt;
  }
  if (!exists) {
    return undefined;
  }
  const trades = tradesBetween(tape, start, Math.min(end, now + 1));
  const prices = trades.map(({ price }) => price);
  if (prices.length === 0) {
    prices.push(tape.trade(tape.tradesUntil(Math.min(end, now + 1) - 1) - 1).price);
  }
  const sum = (part: (trade: Trade) => bigint): bigint => trades.reduce((total, trade) => total + part(trade), 0n);
  const quote = ({ price, quantity }: Trade): bigint => BigInt(price) * BigInt(quantity);
  const price = (ticks: number): string => formatUnits(ticks, priceDecimals);
  return {
    openTime: start,
    closeTime: end - 1,
    open: price(prices[0]!),
    high: price(prices.reduce((a, b) => Math.max(a, b))),
    low: price(prices.reduce((a, b) => Math.min(a, b))),
    close: price(prices.at(-1)!),
    volume: formatUnits(
      sum(({ quantity }) => BigInt(quantity)),
      quantityDecimals,
    ),
    quoteVolume: formatUnits(sum(quote), priceDecimals + quantityDecimals),
    tradeCount: fillsOf(tape, trades),
    takerBuyVolume: formatUnits(
      sum(({ quantity, takerBuys }) => (takerBuys ? BigInt(quantity) : 0n)),
      quantityDecimals,
    ),
    takerBuyQuoteVolume: formatUnits(
      sum((trade) => (trade.takerBuys ? quote(trade) : 0n)),
      priceDecimals + quantityDecimals,
    ),
  };
}

function naiveKlines(symbol: string, interval: Interval, offset: number, limit: number, now: number): Candle[] {
  const tape = tapeOf(symbol);
  const grid = new BucketGrid(interval, tape.listing.listedAt, offset);
  const rows: Candle[] = [];
  for (let start = grid.startOf(now); rows.length < limit; start = grid.before(start)) {
    const row = naiveCandle(tape, start, grid.after(start), now);
    if (row !== undefined) {
      rows.unshift(row);
    }
  }
  return rows;
}

describe('TradeTape', () => {
  it('should number the trades of all minutes without a hole', () => {
    for (const symbol of ['BTCUSDT', 'NEOUSDT', 'PAXGBTC', 'ACABTC', 'PEPEUSDT', '币安人生USDT']) {
      const tape = tapeOf(symbol);
      let next = 0;
      const start = tape.listing.listedAt / MINUTE;
      for (let minute = start - 10; minute < start + 50_000; minute += 1) {
        const end = tape.tradesBefore(minute + 1);
        if (tape.tradesBefore(minute) !== next || end < next) {
          throw new Error(`${symbol} has a hole before minute ${minute}`);
        }
        if (!calendar.isTrading(minute) && end !== next) {
          throw new Error(`${symbol} trades in the stop at minute ${minute}`);
        }
        next = end;
      }
      expect(next).toBeGreaterThan(0);
    }
  });

  it('should spread the trades over their minute in id order, some on the same millisecond', () => {
    const tape = tapeOf('BTCUSDT');
    const trades = tradesBetween(tape, NOW - DAY, NOW);
    const steps = trades.slice(1).map((trade, index) => trade.time - trades[index]!.time);
    expect(Math.min(...steps)).toBe(0);
    expect(trades.some(({ offset }) => offset === 0)).toBe(true);
    expect(trades.some(({ offset }) => offset === MINUTE - 1)).toBe(true);
  });

  it('should count the trades up to a moment as the minutes list them', () => {
    const tape = tapeOf('ETHUSDT');
    const trades = tradesBetween(tape, NOW - MINUTE, NOW);
    for (const { time, index } of trades) {
      expect(tape.tradesUntil(time)).toBe(trades.findLast((trade) => trade.time === time)!.index + 1);
      expect(tape.tradesUntil(time - 1)).toBeLessThanOrEqual(index);
    }
  });

  it('should have quiet minutes, prices above zero, and quote volumes of at most eight decimals', () => {
    for (const one of LISTINGS) {
      const tape = new TradeTape(SEED, one, calendar);
      const until = tape.tradesUntil(Math.min(NOW, one.haltedAt ?? Infinity));
      expect(tape.sums(Math.max(0, until - 20_000), until).low).toBeGreaterThan(0);
      expect(one.priceDecimals + one.quantityDecimals).toBeLessThanOrEqual(8);
    }
    const quiet = Array.from({ length: 1_000 }, (_, step) => tapeOf('ADABTC').tradesOf(NOW / MINUTE - step)).filter(
      (trades) => trades.length === 0,
    );
    expect(quiet.length).toBeGreaterThan(100);
  });
});

describe('SimulatedMarket', () => {
  const market = new SimulatedMarket(SEED);
  const klines = (symbol: string, interval: Interval, more: object = {}, now = NOW): Candle[] =>
    market.klines({ symbol, interval, offset: 0, limit: 10, ...more }, now);

  it.each(INTERVALS)('should give %s klines that equal the sums of their trades', (interval) => {
    const limit = interval === '1M' || interval === '1w' ? 2 : 4;
    for (const symbol of ['NEOUSDT', 'PEPEUSDT']) {
      expect(klines(symbol, interval, { limit })).toEqual(naiveKlines(symbol, interval, 0, limit, NOW));
    }
  });

  it('should give the busiest symbol, the largest prices and the smallest alike', () => {
    for (const symbol of ['BTCUSDT', 'BTCIDR', 'BONKUSDT', '币安人生USDT', 'ACABTC']) {
      expect(klines(symbol, '1d', { limit: 2 })).toEqual(naiveKlines(symbol, '1d', 0, 2, NOW));
      expect(klines(symbol, '1m', { limit: 30 })).toEqual(naiveKlines(symbol, '1m', 0, 30, NOW));
    }
  });

  it.each([345, -720, 840])('should move the buckets to the time zone %i minutes from UTC', (minutes) => {
    const offset = minutes * MINUTE;
    for (const interval of ['1h', '1d', '3d'] as const) {
      expect(klines('ETHEUR', interval, { limit: 2, offset })).toEqual(naiveKlines('ETHEUR', interval, offset, 2, NOW));
    }
  });

  it('should give the same minute whether or not those before it were asked for', () => {
    const walked: Candle[] = [];
    const start = NOW - (NOW % DAY) - 3 * DAY;
    for (let time = start; time < start + 2 * DAY; time += 500 * MINUTE) {
      klines('SOLUSDT', '1d', { start, end: time });
      walked.push(...klines('SOLUSDT', '1m', { start: time, end: time + 500 * MINUTE - 1, limit: 1_000 }));
    }
    for (const row of walked.filter((_, index) => index % 97 === 0)) {
      const cold = new SimulatedMarket(SEED).klines(
        { symbol: 'SOLUSDT', interval: '1m', offset: 0, start: row.openTime, limit: 1 },
        NOW + 40 * DAY,
      );
      expect(cold).toEqual([row]);
    }
  });

  it('should show the newest row as it forms', () => {
    const minuteStart = NOW - (NOW % MINUTE);
    const forming = klines('BTCUSDT', '1m', { limit: 1 })[0]!;
    const later = klines('BTCUSDT', '1m', { limit: 1 }, minuteStart + MINUTE - 1)[0]!;
    expect(forming.openTime).toBe(minuteStart);
    expect(forming.closeTime).toBe(minuteStart + MINUTE - 1);
    expect(forming.tradeCount).toBeLessThan(later.tradeCount);
    expect(forming.open).toBe(later.open);
    expect(klines('BTCUSDT', '1m', { start: minuteStart, limit: 1 }, NOW + DAY)).toEqual([later]);
  });

  it('should obey the window rules', () => {
    const hour = NOW - (NOW % 3_600_000);
    const open = (rows: Candle[]): number[] => rows.map((row) => row.openTime);
    expect(open(klines('BTCUSDT', '1h', { start: hour - 3 * 3_600_000, limit: 2 }))).toEqual([
      hour - 3 * 3_600_000,
      hour - 2 * 3_600_000,
    ]);
    expect(open(klines('BTCUSDT', '1h', { end: hour - 1, limit: 2 }))).toEqual([
      hour - 2 * 3_600_000,
      hour - 3_600_000,
    ]);
    expect(open(klines('BTCUSDT', '1h', { start: hour - 3_600_000, end: hour - 3_600_000 }))).toEqual([
      hour - 3_600_000,
    ]);
    expect(klines('BTCUSDT', '1h', { start: hour, end: hour - 1 })).toEqual([]);
    expect(klines('BTCUSDT', '1h', { start: NOW + 5_000 })).toEqual([]);
    expect(open(klines('BTCUSDT', '1d', { start: 0, limit: 1 }))).toEqual([Date.parse('2017-08-17')]);
  });

  it('should keep a quiet minute flat at the last price', () => {
    const rows = klines('ADABTC', '1m', { limit: 1_000 });
    const quiet = rows.filter((row) => row.tradeCount === 0);
    expect(quiet.length).toBeGreaterThan(100);
    for (const row of quiet) {
      const before = rows[rows.indexOf(row) - 1];
      expect([row.open, row.high, row.low]).toEqual([row.close, row.close, row.close]);
      expect([row.volume, row.quoteVolume, row.takerBuyVolume]).toEqual(Array(3).fill('0.00000000'));
      expect(row.close).toBe(before?.close ?? row.close);
    }
  });

  it('should have no rows in an exchange-wide stop, and no hole in the ids over it', () => {
    const [stop] = calendar.stopsAround(NOW / MINUTE);
    const start = stop.start * MINUTE;
    const end = stop.end * MINUTE;
    const now = end + DAY;
    const rows = klines('BTCUSDT', '1m', { start: start - 2 * MINUTE, limit: 4 }, now);
    expect(rows.map((row) => row.openTime)).toEqual([start - 2 * MINUTE, start - MINUTE, end, end + MINUTE]);
    expect(market.status('BTCUSDT', start)).toBe('BREAK');
    expect(market.status('BTCUSDT', start - 1)).toBe('TRADING');
    expect(market.status('BTCUSDT', end)).toBe('TRADING');
    const before = market.ticker('BTCUSDT', start + MINUTE)!;
    const after = market.ticker('BTCUSDT', end + MINUTE - 1)!;
    expect(after.lastId! - before.lastId!).toBe(rows[2]!.tradeCount);
    const hours = klines('BTCUSDT', '1h', { start: start - 3_600_000, end }, now);
    expect(hours.some((row) => row.openTime >= start && row.closeTime < end)).toBe(false);
    expect(klines('BTCUSDT', '1s', { start, end: end - 1 }, now)).toEqual([]);
  });

  it('should stop where it is told to, with the ids going on after it', () => {
    const own = new SimulatedMarket(SEED);
    const start = NOW - (NOW % MINUTE) - 60 * MINUTE;
    const end = start + 30 * MINUTE;
    const rows = (from: number): Candle[] =>
      own.klines({ symbol: 'ETHUSDT', interval: '1m', offset: 0, start: from, limit: 2 }, NOW);
    const untouched = rows(start - 2 * MINUTE);
    const firstInStop = rows(start)[0]!;
    own.setStops([{ start, end }]);
    expect(rows(start - 2 * MINUTE)).toEqual(untouched);
    expect(own.status('ETHUSDT', start)).toBe('BREAK');
    expect({ ...rows(start)[0], openTime: 0, closeTime: 0 }).toEqual({ ...firstInStop, openTime: 0, closeTime: 0 });
    expect(rows(start)[0]!.openTime).toBe(end);
  });

  it('should keep a halted symbol listed, in BREAK, with the ticker of its last day', () => {
    const haltedAt = Date.parse('2025-05-28T03:00Z');
    expect(market.find('EOSUSDT', NOW)).toBeDefined();
    expect(market.status('EOSUSDT', NOW)).toBe('BREAK');
    expect(market.status('EOSUSDT', haltedAt - 1)).toBe('TRADING');
    expect(klines('EOSUSDT', '1m', { start: haltedAt })).toEqual([]);
    expect(klines('EOSUSDT', '1m', { limit: 1 })[0]!.closeTime).toBe(haltedAt - 1);
    const ticker = market.ticker('EOSUSDT', NOW)!;
    expect(ticker.closeTime).toBe(haltedAt);
    expect(ticker.count).toBeGreaterThan(0);
  });

  it('should list a symbol from its first minute on', () => {
    const listedAt = Date.parse('2025-10-07T14:00Z');
    expect(market.find('币安人生USDT', listedAt - 1)).toBeUndefined();
    expect(market.instruments(listedAt).map(({ symbol }) => symbol)).toContain('币安人生USDT');
    expect(klines('币安人生USDT', '1m', { start: 0, limit: 1 })[0]!.openTime).toBe(listedAt);
    expect(market.instruments(NOW).length).toBeGreaterThanOrEqual(60);
  });

  it('should give a ticker that equals the trades of its 24 hours', () => {
    for (const symbol of ['BTCUSDT', 'PEPEUSDT', 'BTCIDR', 'PAXGBTC']) {
      const tape = tapeOf(symbol);
      const { firstTradeId, priceDecimals, quantityDecimals } = tape.listing;
      for (const now of [NOW, NOW + 17, NOW + 31_000, NOW - (NOW % MINUTE)]) {
        const trades = tradesBetween(tape, now - DAY + 1, now + 1);
        const naive = naiveCandle(tape, now - DAY + 1, now + 1, now)!;
        const ticker = market.ticker(symbol, now)!;
        expect(ticker).toMatchObject({
          openTime: now - DAY,
          closeTime: now,
          openPrice: naive.open,
          highPrice: naive.high,
          lowPrice: naive.low,
          lastPrice: naive.close,
          volume: naive.volume,
          quoteVolume: naive.quoteVolume,
          count: fillsOf(tape, trades),
          firstId: firstTradeId + tape.fillsBefore(trades[0]!.index),
          lastId: firstTradeId + tape.fillsBefore(trades.at(-1)!.index + 1) - 1,
          lastQty: formatUnits(trades.at(-1)!.quantity, quantityDecimals),
          priceChange: formatUnits(trades.at(-1)!.price - trades[0]!.price, priceDecimals),
        });
        expect(ticker.lastId! - ticker.firstId! + 1).toBe(ticker.count);
      }
    }
  });

  it('should give count 0 and ids -1 when nothing traded for 24 hours', () => {
    const tape = tapeOf('ACABTC');
    let now = NOW;
    while (tradesBetween(tape, now - DAY + 1, now + 1).length > 0) {
      now += DAY;
    }
    expect(market.ticker('ACABTC', now)).toMatchObject({
      count: 0,
      firstId: -1,
      lastId: -1,
      volume: '0.00000000',
      priceChange: '0.00000000',
      priceChangePercent: '0.000',
    });
  });

  it('should be another market with another seed', () => {
    const other = new SimulatedMarket('other');
    expect(other.origin).toBe('simulator:other');
    expect(other.ticker('BTCUSDT', NOW)!.lastPrice).not.toBe(market.ticker('BTCUSDT', NOW)!.lastPrice);
  });
});
