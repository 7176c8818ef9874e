import type { NewListing } from '../market';
import { hash32, hashText } from './hash';
import { LISTINGS, type Listing } from './listing';

export const MOST_SYMBOLS = 100_000;

const MINUTE = 60_000;
const MADE_UP_KEY = hashText('made-up listings');
const FIRST_LISTED = Date.UTC(2018, 0, 1);
/** Minutes from the first to the last day on which one is listed. */
const LISTED_WITHIN = 7 * 365 * 1_440;
const QUOTE_ASSETS = ['USDT', 'USDT', 'USDT', 'USDT', 'USDT', 'USDT', 'BTC', 'FDUSD', 'TRY', 'EUR'] as const;
/** Of so many, one has a name in another script, and one has all the signs that a name may have. */
const UNUSUAL_EVERY = 50;

/**
 * The symbols of a simulated market: the well-known ones, and behind them as many others as are wanted, each of which is
 * made of its number when somebody asks for it.
 */
export class Listings {
  private readonly numbers: ReadonlyMap<string, number>;
  private added: readonly Listing[] = [];

  constructor(private readonly ownCount: number = LISTINGS.length) {
    this.numbers = new Map(LISTINGS.slice(0, ownCount).map((listing, number) => [symbolOf(listing), number]));
  }

  /** How many there are; each has a number below it, which gives the exchange's order. */
  get count(): number {
    return this.ownCount + this.added.length;
  }

  /** Replaces those that come behind the market's own; one that is there already is passed over. */
  add(listings: readonly NewListing[]): void {
    this.added = listings
      .filter(({ baseAsset, quoteAsset }) => this.ownNumberOf(baseAsset + quoteAsset) === undefined)
      .map(({ baseAsset, quoteAsset, listedAt }) => madeUp(baseAsset, quoteAsset, listedAt));
  }

  at(number: number): Listing | undefined {
    if (number >= this.ownCount) return this.added[number - this.ownCount];
    return LISTINGS[number] ?? numbered(number);
  }

  numberOf(symbol: string): number | undefined {
    const own = this.ownNumberOf(symbol);
    if (own !== undefined) return own;
    const added = this.added.findIndex((listing) => symbolOf(listing) === symbol);
    return added === -1 ? undefined : this.ownCount + added;
  }

  private ownNumberOf(symbol: string): number | undefined {
    const wellKnown = this.numbers.get(symbol);
    if (wellKnown !== undefined) return wellKnown;
    const number = Number(/\d{1,6}/.exec(symbol)?.[0] ?? NaN);
    const isOne = number >= LISTINGS.length && number < this.ownCount && symbolOf(numbered(number)) === symbol;
    return isOne ? number : undefined;
  }
}

export function symbolOf({ baseAsset, quoteAsset }: Pick<Listing, 'baseAsset' | 'quoteAsset'>): string {
  return baseAsset + quoteAsset;
}

function numbered(number: number): Listing {
  const quoteAsset = QUOTE_ASSETS[number % QUOTE_ASSETS.length] ?? 'USDT';
  const listedAt = FIRST_LISTED + (hash32(MADE_UP_KEY, number) % LISTED_WITHIN) * MINUTE;
  return madeUp(baseAssetOf(number), quoteAsset, listedAt);
}

function baseAssetOf(number: number): string {
  if (number % UNUSUAL_EVERY === 0) return `A.B_${number}-`;
  return number % UNUSUAL_EVERY === 1 ? `币${number}` : `COIN${number}`;
}

function madeUp(baseAsset: string, quoteAsset: string, listedAt: number): Listing {
  const key = hashText(baseAsset + quoteAsset);
  return {
    baseAsset,
    quoteAsset,
    priceDecimals: 4,
    quantityDecimals: 1,
    middlePrice: 1_000 + (hash32(key, 0) % 90_000),
    largestTrade: 40_000,
    trades: 1,
    minutes: 1 + (hash32(key, 1) % 4),
    listedAt,
    firstTradeId: 1,
  };
}
