import type { PriceItem, SymbolItem } from '../api/types';

/** What the list shows of a symbol. */
export interface MarketRow {
  readonly symbol: string;
  readonly status: string;
  readonly coverage: string;
  readonly price: string | undefined;
  /** Of the exchange, rolling, in percent. */
  readonly change: string | undefined;
  /** Epoch milliseconds of the newest price. */
  readonly at: number | undefined;
}

export type Market = ReadonlyMap<string, MarketRow>;

/** The symbols with their newest prices, by name. */
export function marketOf(symbols: readonly SymbolItem[], latest: readonly Readonly<Record<string, string>>[]): Market {
  const prices = new Map(latest.map((row) => [row['symbol'], row]));
  return new Map(
    symbols.map(({ symbol, status, coverage_pct: coverage }) => {
      const row = prices.get(symbol);
      const at = row ? Date.parse(row['timestamp_utc'] ?? '') : undefined;
      return [
        symbol,
        { symbol, status, coverage, price: row?.['last_price'], change: row?.['price_change_percent'], at },
      ] as const;
    }),
  );
}

/** The market after some price events; one that is older than what is known changes nothing. */
export function withPrices(market: Market, events: readonly PriceItem[]): Market {
  const next = new Map(market);
  for (const { symbol, timestamp_utc: time, lastPrice, priceChangePercent } of events) {
    const row = next.get(symbol);
    const at = Date.parse(time);
    if (row?.at !== undefined && row.at > at) continue;
    const known = row ?? { symbol, status: 'TRADING', coverage: '' };
    next.set(symbol, { ...known, price: lastPrice, change: priceChangePercent, at });
  }
  return next;
}

/** Rows whose name holds the text, in the order of the market. */
export function matching(market: Market, text: string): MarketRow[] {
  const wanted = text.trim().toUpperCase();
  return [...market.values()].filter(({ symbol }) => symbol.includes(wanted));
}
