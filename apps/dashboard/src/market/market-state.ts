import type { PriceItem, SymbolItem } from '../api/types';

/** What the list shows of a symbol. */
export interface MarketRow {
  readonly symbol: string;
  /** What the exchange calls its state; undefined until `/symbols` has told. */
  readonly status: string | undefined;
  /** First UTC date with data. */
  readonly since: string | undefined;
  /** Share of minutes accounted for, in percent. */
  readonly coverage: string | undefined;
  readonly price: string | undefined;
  /** Of the exchange, rolling, in percent. */
  readonly change: string | undefined;
  /** Epoch milliseconds of the newest price. */
  readonly at: number | undefined;
  /** Epoch milliseconds of the price event that brought another price than the one before. */
  readonly changedAt: number | undefined;
}

export type Market = ReadonlyMap<string, MarketRow>;

type PriceFields = Pick<MarketRow, 'price' | 'change' | 'at' | 'changedAt'>;

const NO_PRICE: PriceFields = { price: undefined, change: undefined, at: undefined, changedAt: undefined };

/** The symbols in the order of the service, each with the newest price of the two; `before` may be ahead by its stream. */
export function marketOf(
  before: Market,
  symbols: readonly SymbolItem[],
  latest: readonly Readonly<Record<string, string>>[],
): Market {
  const prices = new Map(latest.map((row) => [row['symbol'], row]));
  return new Map(
    symbols.map(({ symbol, status, first_date: since, coverage_pct: coverage }) => {
      const row = prices.get(symbol);
      const known = before.get(symbol) ?? NO_PRICE;
      const read: PriceFields = row
        ? {
            price: row['last_price'],
            change: row['price_change_percent'],
            at: Date.parse(row['timestamp_utc'] ?? ''),
            changedAt: known.changedAt,
          }
        : NO_PRICE;
      const { price, change, at, changedAt } = isOlder(read, known) ? known : read;
      return [symbol, { symbol, status, since: since ?? undefined, coverage, price, change, at, changedAt }] as const;
    }),
  );
}

function isOlder(one: PriceFields, other: PriceFields): boolean {
  return other.at !== undefined && (one.at === undefined || one.at < other.at);
}

/** The market after some price events; one that is older than what is known changes nothing. */
export function withPrices(market: Market, events: readonly PriceItem[]): Market {
  const next = new Map(market);
  for (const { symbol, timestamp_utc: time, lastPrice: price, priceChangePercent: change } of events) {
    const row = next.get(symbol);
    const at = Date.parse(time);
    if (row?.at !== undefined && row.at > at) continue;
    const known = row ?? { symbol, status: undefined, since: undefined, coverage: undefined, ...NO_PRICE };
    const changedAt = known.price === undefined || known.price === price ? known.changedAt : at;
    next.set(symbol, { ...known, price, change, at, changedAt });
  }
  return next;
}

/** Rows whose name holds the text, in the order of the market. */
export function matching(market: Market, text: string): MarketRow[] {
  const wanted = text.trim().toUpperCase();
  return [...market.values()].filter(({ symbol }) => symbol.includes(wanted));
}
