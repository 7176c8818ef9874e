import { getJson } from './http';

/** A kline row as the exchange's REST API gives it. */
export type KlineRow = readonly [
  openTime: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTime: number,
  quoteVolume: string,
  trades: number,
  takerBuyVolume: string,
  takerBuyQuoteVolume: string,
  ignore: string,
];

/** Klines with open times from `start` on, before `end` (epoch milliseconds), page after page. */
export async function exchangeKlines(
  url: string,
  symbol: string,
  interval: string,
  start: number,
  end: number,
): Promise<KlineRow[]> {
  const rows: KlineRow[] = [];
  for (let from = start; from < end;) {
    const query = new URLSearchParams({
      symbol,
      interval,
      startTime: String(from),
      endTime: String(end - 1),
      limit: '1000',
    });
    const page = await getJson<KlineRow[]>(`${url}/api/v3/klines?${query.toString()}`);
    rows.push(...page);
    const last = page.at(-1);
    if (!last || page.length < 1_000) break;
    from = last[0] + 1;
  }
  return rows;
}

/** The nine numbers of a kline, named as `/candles` names them. */
export function numbersOf(row: KlineRow): Record<string, string | number> {
  return {
    open: row[1],
    high: row[2],
    low: row[3],
    close: row[4],
    volume: row[5],
    quote_volume: row[7],
    trade_count: row[8],
    taker_buy_volume: row[9],
    taker_buy_quote_volume: row[10],
  };
}
