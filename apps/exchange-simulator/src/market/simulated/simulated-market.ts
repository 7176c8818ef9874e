import { changePercent, divideRounded, formatUnits } from '../fixed-point';
import { BucketGrid, DAY, MINUTE } from '../interval';
import {
  Market,
  type AggTrade,
  type AggTradeQuery,
  type Candle,
  type Instrument,
  type KlineQuery,
  type NewListing,
  type Stop,
  type SymbolStatus,
  type Ticker,
} from '../market';
import { StopSpans } from '../stop-spans';
import type { Listing } from './listing';
import { Listings, MOST_SYMBOLS, symbolOf } from './listings';
import { LruCache } from './lru-cache';
import { TradeTape, type Trade, type TradeSums } from './trade-tape';
import { TradingCalendar } from './trading-calendar';

const HOUR_MINUTES = 60;
const DAY_MINUTES = 1_440;
/** Bounds of the caches, over all symbols together: about 35 days of hours and 1,000 days of 60 symbols. */
const CACHED_HOURS = 50_000;
const CACHED_DAYS = 60_000;

/** Sums over any number of trades: beyond a day they may leave the safe integers. */
interface Totals {
  high: number;
  low: number;
  volume: bigint;
  quoteVolume: bigint;
  takerBuyVolume: bigint;
  takerBuyQuoteVolume: bigint;
}

/** A market that is a pure function of seed, symbol and time: every number of it comes from the trades of its tapes. */
export class SimulatedMarket extends Market {
  readonly origin: string;
  private readonly calendar: TradingCalendar;
  private stops: readonly Stop[] = [];
  private tapes = new Map<string, TradeTape>();
  private described = new Map<string, Instrument>();
  private hours = new LruCache<number, TradeSums>(CACHED_HOURS);
  private days = new LruCache<number, TradeSums>(CACHED_DAYS);

  constructor(
    private readonly seed: string,
    private readonly listings = new Listings(),
  ) {
    super();
    this.origin = `simulator:${seed}`;
    this.calendar = new TradingCalendar(seed);
  }

  setStops(stops: readonly Stop[]): void {
    this.stops = stops;
    this.forget();
  }

  setNewListings(listings: readonly NewListing[]): void {
    this.listings.add(listings);
    this.forget();
  }

  instruments(now: number, among?: ReadonlySet<string>): readonly Instrument[] {
    const numbers = among ? this.numbersOf(among) : Array.from({ length: this.listings.count }, (_, number) => number);
    return numbers.flatMap((number) => {
      const listing = this.listings.at(number);
      return listing && now >= listing.listedAt ? [this.instrument(listing)] : [];
    });
  }

  find(symbol: string, now: number): Instrument | undefined {
    const tape = this.tapeOf(symbol);
    return tape && now >= tape.listing.listedAt ? this.instrument(tape.listing) : undefined;
  }

  status(symbol: string, now: number): SymbolStatus {
    return this.tapeOf(symbol)?.isTrading(Math.floor(now / MINUTE)) === true ? 'TRADING' : 'BREAK';
  }

  refusal(): undefined {
    return undefined;
  }

  klines(query: KlineQuery, now: number): Candle[] {
    const tape = this.tapeOf(query.symbol);
    if (tape === undefined || now < tape.listing.listedAt) {
      return [];
    }
    const { listedAt, haltedAt } = tape.listing;
    const grid = new BucketGrid(query.interval, listedAt, query.offset);
    const first = grid.startOf(listedAt);
    const last = grid.startOf(Math.min(now, (haltedAt ?? Infinity) - 1, query.end ?? Infinity));
    const candleAt = query.interval === '1s' ? this.secondCandles(tape, now) : this.bucketCandles(tape, now);
    const rows: Candle[] = [];
    if (query.start !== undefined) {
      const from = Math.max(first, grid.firstFrom(query.start));
      for (let start = from; start <= last && rows.length < query.limit; start = grid.after(start)) {
        push(rows, candleAt(start, grid.after(start)));
      }
      return rows;
    }
    for (let start = last; start >= first && rows.length < query.limit; start = grid.before(start)) {
      push(rows, candleAt(start, grid.after(start)));
    }
    return rows.reverse();
  }

  aggTrades({ symbol, fromId, start, end, limit }: AggTradeQuery, now: number): AggTrade[] | undefined {
    const tape = this.tapeOf(symbol);
    if (tape === undefined || now < tape.listing.listedAt) {
      return undefined;
    }
    const until = tape.tradesUntil(Math.floor(Math.min(now, end ?? now)));
    const newest = Math.max(0, until - limit);
    const byTime = start === undefined ? newest : tape.tradesUntil(Math.ceil(Math.min(start, now + 1)) - 1);
    const from = fromId === undefined ? byTime : Math.max(0, fromId - tape.listing.firstTradeId);
    const lastMinute = Math.floor(now / MINUTE) + 1;
    const trades: AggTrade[] = [];
    for (let index = from; index < until && trades.length < limit;) {
      const minute = tape.minuteOf(index, lastMinute);
      const ofMinute = tape.tradesOf(minute).filter((trade) => trade.index >= index && trade.index < until);
      for (const trade of ofMinute.slice(0, limit - trades.length)) {
        trades.push(aggTrade(tape, trade, minute * MINUTE + trade.offset));
      }
      index += Math.max(1, ofMinute.length);
    }
    return trades;
  }

  ticker(symbol: string, now: number): Ticker | undefined {
    const tape = this.tapeOf(symbol);
    if (tape === undefined || now < tape.listing.listedAt) {
      return undefined;
    }
    // A symbol that was halted keeps the statistics of its last moment.
    const closeTime = Math.min(now, tape.listing.haltedAt ?? Infinity);
    const openTime = closeTime - DAY;
    const first = tape.tradesUntil(openTime);
    const end = tape.tradesUntil(closeTime);
    if (end === 0) {
      return undefined;
    }
    const last = tape.trade(end - 1);
    const count = tape.fillsBefore(end) - tape.fillsBefore(first);
    const open = count > 0 ? tape.trade(first).price : last.price;
    const totals = this.totalsBetween(tape, openTime + 1, closeTime + 1);
    const { priceDecimals, quantityDecimals, firstTradeId } = tape.listing;
    const price = (ticks: number): string => formatUnits(ticks, priceDecimals);
    const quantity = (steps: bigint | number): string => formatUnits(steps, quantityDecimals);
    const bid = last.takerBuys ? Math.max(1, last.price - 1) : last.price;
    const average =
      totals.volume === 0n ? 0n : divideRounded(totals.quoteVolume * 10n ** BigInt(8 - priceDecimals), totals.volume);
    return {
      symbol,
      priceChange: price(last.price - open),
      priceChangePercent: changePercent(BigInt(open), BigInt(last.price)),
      weightedAvgPrice: formatUnits(average, 8),
      prevClosePrice: price(first > 0 ? tape.trade(first - 1).price : open),
      lastPrice: price(last.price),
      lastQty: quantity(last.quantity),
      bidPrice: price(bid),
      bidQty: quantity(1 + (tape.trade(end).quantity % last.quantity)),
      askPrice: price(bid + 1),
      askQty: quantity(tape.trade(end).quantity),
      openPrice: price(open),
      highPrice: price(count > 0 ? totals.high : last.price),
      lowPrice: price(count > 0 ? totals.low : last.price),
      volume: quantity(totals.volume),
      quoteVolume: formatUnits(totals.quoteVolume, priceDecimals + quantityDecimals),
      openTime,
      closeTime,
      firstId: count > 0 ? firstTradeId + tape.fillsBefore(first) : -1,
      lastId: count > 0 ? firstTradeId + tape.fillsBefore(end) - 1 : -1,
      count,
    };
  }

  /** The numbers of those that there are, ascending. */
  private numbersOf(symbols: ReadonlySet<string>): number[] {
    return [...symbols].flatMap((symbol) => this.listings.numberOf(symbol) ?? []).sort((a, b) => a - b);
  }

  private instrument(listing: Listing): Instrument {
    const symbol = symbolOf(listing);
    const known = this.described.get(symbol) ?? describe(listing);
    this.described.set(symbol, known);
    return known;
  }

  private tapeOf(symbol: string): TradeTape | undefined {
    const known = this.tapes.get(symbol);
    if (known) return known;
    const number = this.listings.numberOf(symbol);
    const listing = number === undefined ? undefined : this.listings.at(number);
    if (!listing) return undefined;
    const tape = new TradeTape(this.seed, listing, this.calendarOf(symbol));
    this.tapes.set(symbol, tape);
    return tape;
  }

  private calendarOf(symbol: string): TradingCalendar {
    const { spans } = new StopSpans(this.stops, symbol);
    if (spans.length === 0) return this.calendar;
    return new TradingCalendar(
      this.seed,
      spans.map(({ start, end }) => ({ start: start / MINUTE, end: end / MINUTE })),
    );
  }

  private forget(): void {
    this.tapes = new Map();
    this.described = new Map();
    this.hours = new LruCache(CACHED_HOURS);
    this.days = new LruCache(CACHED_DAYS);
  }

  private bucketCandles(tape: TradeTape, now: number) {
    return (start: number, end: number): Candle | undefined => {
      const until = Math.min(end, now + 1);
      const startMinute = start / MINUTE;
      const endMinute = Math.ceil(until / MINUTE);
      if (tape.tradingMinutesBefore(endMinute) === tape.tradingMinutesBefore(startMinute)) {
        return undefined;
      }
      const from = tape.tradesBefore(startMinute);
      const to = until === endMinute * MINUTE ? tape.tradesBefore(endMinute) : tape.tradesUntil(until - 1);
      return candle(tape, start, end, from, to, () => this.totalsBetween(tape, start, until));
    };
  }

  private secondCandles(tape: TradeTape, now: number) {
    let minute = -1;
    let trading = false;
    let first = 0;
    let offsets: number[] = [];
    return (start: number, end: number): Candle | undefined => {
      const inMinute = Math.floor(start / MINUTE);
      if (inMinute !== minute) {
        minute = inMinute;
        trading = tape.isTrading(minute);
        first = tape.tradesBefore(minute);
        offsets = trading ? tape.tradesOf(minute).map(({ offset }) => offset) : [];
      }
      if (!trading) {
        return undefined;
      }
      const before = (time: number): number => {
        const found = offsets.findIndex((offset) => offset >= time - minute * MINUTE);
        return first + (found === -1 ? offsets.length : found);
      };
      const from = before(start);
      const to = before(Math.min(end, now + 1));
      return candle(tape, start, end, from, to, () => addSums(noTotals(), tape.sums(from, to)));
    };
  }

  /** Totals of the trades in the half-open span [start, end) of epoch milliseconds. */
  private totalsBetween(tape: TradeTape, start: number, end: number): Totals {
    const totals = noTotals();
    const firstMinute = Math.ceil(start / MINUTE);
    const lastMinute = Math.floor(end / MINUTE);
    if (firstMinute > lastMinute) {
      return addSums(totals, tape.sums(tape.tradesUntil(start - 1), tape.tradesUntil(end - 1)));
    }
    if (start < firstMinute * MINUTE) {
      addSums(totals, tape.sums(tape.tradesUntil(start - 1), tape.tradesBefore(firstMinute)));
    }
    for (let minute = firstMinute; minute < lastMinute;) {
      const left = lastMinute - minute;
      if (minute % DAY_MINUTES === 0 && left >= DAY_MINUTES) {
        addSums(totals, this.cached(this.days, tape, minute, DAY_MINUTES));
        minute += DAY_MINUTES;
      } else if (minute % HOUR_MINUTES === 0 && left >= HOUR_MINUTES) {
        addSums(totals, this.cached(this.hours, tape, minute, HOUR_MINUTES));
        minute += HOUR_MINUTES;
      } else {
        const next = Math.min(lastMinute, minute + HOUR_MINUTES - (minute % HOUR_MINUTES));
        addSums(totals, tape.sums(tape.tradesBefore(minute), tape.tradesBefore(next)));
        minute = next;
      }
    }
    if (lastMinute * MINUTE < end) {
      addSums(totals, tape.sums(tape.tradesBefore(lastMinute), tape.tradesUntil(end - 1)));
    }
    return totals;
  }

  private cached(cache: LruCache<number, TradeSums>, tape: TradeTape, minute: number, length: number): TradeSums {
    const key = (minute / length) * 2 * MOST_SYMBOLS + (this.listings.numberOf(tape.symbol) ?? 0);
    return cache.getOrCompute(key, () => tape.sums(tape.tradesBefore(minute), tape.tradesBefore(minute + length)));
  }
}

function push(rows: Candle[], row: Candle | undefined): void {
  if (row !== undefined) {
    rows.push(row);
  }
}

function noTotals(): Totals {
  return { high: 0, low: Infinity, volume: 0n, quoteVolume: 0n, takerBuyVolume: 0n, takerBuyQuoteVolume: 0n };
}

function addSums(totals: Totals, sums: TradeSums): Totals {
  totals.high = Math.max(totals.high, sums.high);
  totals.low = Math.min(totals.low, sums.low);
  totals.volume += BigInt(sums.volume);
  totals.quoteVolume += BigInt(sums.quoteVolume);
  totals.takerBuyVolume += BigInt(sums.takerBuyVolume);
  totals.takerBuyQuoteVolume += BigInt(sums.takerBuyQuoteVolume);
  return totals;
}

/** The kline of the trades `from` <= index < `to`; without trades flat at the last price, and none before the first trade. */
function candle(
  tape: TradeTape,
  start: number,
  end: number,
  from: number,
  to: number,
  totalsOf: () => Totals,
): Candle | undefined {
  if (to === 0) {
    return undefined;
  }
  const { priceDecimals, quantityDecimals } = tape.listing;
  const close = tape.trade(to - 1).price;
  const totals = to > from ? totalsOf() : { ...noTotals(), high: close, low: close };
  const quantity = (steps: bigint): string => formatUnits(steps, quantityDecimals);
  const quote = (units: bigint): string => formatUnits(units, priceDecimals + quantityDecimals);
  return {
    openTime: start,
    closeTime: end - 1,
    open: formatUnits(to > from ? tape.trade(from).price : close, priceDecimals),
    high: formatUnits(totals.high, priceDecimals),
    low: formatUnits(totals.low, priceDecimals),
    close: formatUnits(close, priceDecimals),
    volume: quantity(totals.volume),
    quoteVolume: quote(totals.quoteVolume),
    tradeCount: tape.fillsBefore(to) - tape.fillsBefore(from),
    takerBuyVolume: quantity(totals.takerBuyVolume),
    takerBuyQuoteVolume: quote(totals.takerBuyQuoteVolume),
  };
}

function aggTrade(tape: TradeTape, { index, price, quantity, takerBuys }: Trade, time: number): AggTrade {
  const { priceDecimals, quantityDecimals, firstTradeId } = tape.listing;
  return {
    id: firstTradeId + index,
    price: formatUnits(price, priceDecimals),
    quantity: formatUnits(quantity, quantityDecimals),
    firstTradeId: firstTradeId + tape.fillsBefore(index),
    lastTradeId: firstTradeId + tape.fillsBefore(index + 1) - 1,
    time,
    buyerIsMaker: !takerBuys,
  };
}

function describe(listing: Listing): Instrument {
  const tickSize = formatUnits(1, listing.priceDecimals);
  const stepSize = formatUnits(1, listing.quantityDecimals);
  return {
    symbol: symbolOf(listing),
    baseAsset: listing.baseAsset,
    quoteAsset: listing.quoteAsset,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: tickSize,
        maxPrice: formatUnits(listing.middlePrice * 1_000, listing.priceDecimals),
        tickSize,
      },
      {
        filterType: 'LOT_SIZE',
        minQty: stepSize,
        maxQty: formatUnits(listing.largestTrade, listing.quantityDecimals),
        stepSize,
      },
    ],
  };
}
