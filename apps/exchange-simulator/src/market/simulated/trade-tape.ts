import { hash32, hashText } from './hash';
import type { Listing } from './listing';
import type { TradingCalendar } from './trading-calendar';

const MINUTE_MS = 60_000;
/** Bound once: the scan over trades spends its time in them. */
const { floor, max, min } = Math;

/**
 * One simulated trade, which the exchange would call an aggregate trade: one taker, one price, one time. The index
 * counts the symbol's trades from 0; the id on the exchange is `firstTradeId` + index.
 */
export interface Trade {
  readonly index: number;
  /** Milliseconds after the start of its minute. */
  readonly offset: number;
  /** In ticks. */
  readonly price: number;
  /** In steps. */
  readonly quantity: number;
  readonly takerBuys: boolean;
}

/** Sums over consecutive trades, at most a day of them. Prices in ticks, quantities in steps, quotes in ticks times steps. */
export interface TradeSums {
  /** 0 when there is no trade. */
  high: number;
  /** Infinity when there is no trade. */
  low: number;
  volume: number;
  quoteVolume: number;
  takerBuyVolume: number;
  takerBuyQuoteVolume: number;
}

/** Weights of the noise octaves in 1/1024 of the middle price, slowest first: together at most 41 percent of swing. */
const OCTAVE_WEIGHTS = [256, 102, 41, 15, 5, 2];
/** Each octave is eight times as fast as the one before. */
const OCTAVE_STEP = 3;
const LATTICE_HALF_RANGE = 0x8000;

/** Raw trades for each trade, on average. */
const FILLS = 2;

/**
 * The trades of one symbol, each a pure function of seed, symbol and index, and the closed form that says which of them
 * fall into a minute: after tau trading minutes there have been 1 + floor((tau * trades + jitter(tau)) / minutes) of
 * them, with 0 <= jitter <= trades, so the count never falls and grows by at most 2 * trades a minute (rounded up).
 */
export class TradeTape {
  readonly symbol: string;
  private readonly countKey: number;
  private readonly tradeKey: number;
  private readonly timeKey: number;
  private readonly fillKey: number;
  private readonly octaveKeys: readonly number[];
  /** log2 of the fastest octave's lattice distance, in trades. */
  private readonly blockBits: number;
  private readonly priceJitter: number;
  private readonly listedMinute: number;
  private readonly haltedMinute: number;
  private readonly tradingMinutesBeforeListing: number;

  constructor(
    seed: string,
    readonly listing: Listing,
    private readonly calendar: TradingCalendar,
  ) {
    this.symbol = listing.baseAsset + listing.quoteAsset;
    const key = (stream: string): number => hashText(`${seed}/${this.symbol}/${stream}`);
    this.countKey = key('count');
    this.tradeKey = key('trade');
    this.timeKey = key('time');
    this.fillKey = key('fill');
    this.octaveKeys = OCTAVE_WEIGHTS.map((_, octave) => key(`octave ${octave}`));
    this.blockBits = 1 + max(0, floor(Math.log2(listing.trades / listing.minutes)));
    this.priceJitter = max(1, floor(listing.middlePrice / 8_192));
    this.listedMinute = listing.listedAt / MINUTE_MS;
    this.haltedMinute = (listing.haltedAt ?? Number.MAX_SAFE_INTEGER) / MINUTE_MS;
    this.tradingMinutesBeforeListing = calendar.tradingMinutesBefore(this.listedMinute);

    const highestPrice = Math.ceil(listing.middlePrice * 1.42) + this.priceJitter;
    const tradesPerDay = 1_440 * (Math.ceil((2 * listing.trades) / listing.minutes) + 1);
    if (highestPrice * listing.largestTrade * tradesPerDay > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`the quote volume of a day of ${this.symbol} can pass the safe integers`);
    }
    if (listing.priceDecimals + listing.quantityDecimals > 8) {
      throw new RangeError(`quote volumes of ${this.symbol} need more than eight decimals`);
    }
  }

  /** Trading minutes of this symbol before `minute` (minutes since the epoch). */
  tradingMinutesBefore(minute: number): number {
    if (minute <= this.listedMinute) {
      return 0;
    }
    return this.calendar.tradingMinutesBefore(min(minute, this.haltedMinute)) - this.tradingMinutesBeforeListing;
  }

  isTrading(minute: number): boolean {
    return this.tradingMinutesBefore(minute + 1) > this.tradingMinutesBefore(minute);
  }

  /** Trades before `minute`: the index of its first trade, should it have one. */
  tradesBefore(minute: number): number {
    const tau = this.tradingMinutesBefore(minute);
    if (tau === 0) {
      return 0;
    }
    const { trades, minutes } = this.listing;
    return 1 + floor((tau * trades + (hash32(this.countKey, tau) % (trades + 1))) / minutes);
  }

  /** Trades at or before `time` (epoch milliseconds): the index of the first one after it. */
  tradesUntil(time: number): number {
    const minute = floor(time / MINUTE_MS);
    const offset = time - minute * MINUTE_MS;
    const first = this.tradesBefore(minute);
    const end = this.tradesBefore(minute + 1);
    const offsets = this.offsets(first, end);
    let count = 0;
    while (count < offsets.length && (offsets[count] ?? 0) <= offset) {
      count += 1;
    }
    return first + count;
  }

  /** The minute that the trade with this index falls into; it happens before `end` (minutes since the epoch). */
  minuteOf(index: number, end: number): number {
    let low = this.listedMinute;
    let high = end;
    while (high - low > 1) {
      const middle = floor((low + high) / 2);
      if (this.tradesBefore(middle) <= index) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Raw trades in the trades before `index`: each trade is filled by one to three of them, so that what the exchange
   * counts in its klines is not the number of aggregate trades. The id of a raw trade is `firstTradeId` plus this.
   */
  fillsBefore(index: number): number {
    return index * FILLS + (hash32(this.fillKey, index) & 1) - (hash32(this.fillKey, 0) & 1);
  }

  /** All trades of a minute, in id order. */
  tradesOf(minute: number): Trade[] {
    const first = this.tradesBefore(minute);
    return this.offsets(first, this.tradesBefore(minute + 1)).map((offset, position) => ({
      index: first + position,
      offset,
      ...this.trade(first + position),
    }));
  }

  /** Price, quantity and taker side of a trade. */
  trade(index: number): { price: number; quantity: number; takerBuys: boolean } {
    const block = index >>> this.blockBits;
    const from = this.latticePrice(block);
    const to = this.latticePrice(block + 1);
    const size = 2 ** this.blockBits;
    const hash = hash32(this.tradeKey, index);
    return {
      price: from + floor(((to - from) * (index - block * size)) / size) + this.jitterOf(hash),
      quantity: this.quantityOf(hash),
      takerBuys: (hash & 0x100) !== 0,
    };
  }

  /** Sums over the trades with `from` <= index < `to`; at most a day of them, so that every sum is a safe integer. */
  sums(from: number, to: number): TradeSums {
    let high = 0;
    let low = Infinity;
    let volume = 0;
    let quoteVolume = 0;
    let takerBuyVolume = 0;
    let takerBuyQuoteVolume = 0;
    const size = 2 ** this.blockBits;
    let block = from >>> this.blockBits;
    let start = from < to ? this.latticePrice(block) : 0;
    for (let index = from; index < to; block += 1) {
      const next = this.latticePrice(block + 1);
      const slope = next - start;
      const blockStart = block * size;
      const end = min(to, blockStart + size);
      for (; index < end; index += 1) {
        const hash = hash32(this.tradeKey, index);
        const price = start + floor((slope * (index - blockStart)) / size) + this.jitterOf(hash);
        const quantity = this.quantityOf(hash);
        const quote = price * quantity;
        if (price > high) {
          high = price;
        }
        if (price < low) {
          low = price;
        }
        volume += quantity;
        quoteVolume += quote;
        if ((hash & 0x100) !== 0) {
          takerBuyVolume += quantity;
          takerBuyQuoteVolume += quote;
        }
      }
      start = next;
    }
    return { high, low, volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume };
  }

  private jitterOf(hash: number): number {
    return floor((((hash & 0xff) - 0x80) * this.priceJitter) / 0x80);
  }

  /** Skewed to small quantities: the product of two even ones. */
  private quantityOf(hash: number): number {
    return 1 + floor((((hash >>> 9) & 0xff) * ((hash >>> 17) & 0xff) * (this.listing.largestTrade - 1)) / 0x10000);
  }

  /** The smooth part of the price at trade `block` * 2^blockBits: octaves of value noise, in integers throughout. */
  private latticePrice(block: number): number {
    let sum = 0;
    for (let octave = 0; octave < OCTAVE_WEIGHTS.length; octave += 1) {
      const bits = OCTAVE_STEP * (OCTAVE_WEIGHTS.length - 1 - octave);
      const size = 2 ** bits;
      const cell = block >>> bits;
      const key = this.octaveKeys[octave] ?? 0;
      const left = (hash32(key, cell) & 0xffff) - LATTICE_HALF_RANGE;
      const right = (hash32(key, cell + 1) & 0xffff) - LATTICE_HALF_RANGE;
      sum += (OCTAVE_WEIGHTS[octave] ?? 0) * floor(left + ((right - left) * (block - cell * size)) / size);
    }
    const swing = floor(sum / 32);
    return this.listing.middlePrice + floor((this.listing.middlePrice * swing) / 2 ** 20);
  }

  /**
   * Times of the trades of one minute: each in its own slot of the minute, but one in four comes with its predecessor's
   * millisecond, and now and then the first and the last sit on the very edge of the minute.
   */
  private offsets(first: number, end: number): number[] {
    const count = end - first;
    const offsets: number[] = [];
    let previous = 0;
    for (let position = 0; position < count; position += 1) {
      const hash = hash32(this.timeKey, first + position);
      const slot = floor((MINUTE_MS * position) / count);
      const width = floor((MINUTE_MS * (position + 1)) / count) - slot;
      let offset = slot + ((hash >>> 8) % width);
      if (position > 0 && (hash & 3) === 0) {
        offset = previous;
      } else if (position === 0 && (hash & 0x3c) === 0) {
        offset = 0;
      } else if (position === count - 1 && (hash & 0x3c) === 0x3c) {
        offset = MINUTE_MS - 1;
      }
      offsets.push(offset);
      previous = offset;
    }
    return offsets;
  }
}
