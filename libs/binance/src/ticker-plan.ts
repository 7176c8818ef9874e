import { LIGHT_TICKER_SYMBOLS } from './binance-rest.client';

/**
 * From this many lists on, one request for all symbols is taken instead: it weighs 80. Lists of 20 weigh 2 each (lists
 * of 21 to 100 weigh 40, which is never the cheaper way), and each request beyond the first is held to cost 1 more, for
 * its connection and the seconds over which it spreads a poll: 26 lists cost 78, 27 cost 81.
 */
const MOST_LISTS = 26;

/** How to ask for the tickers of these symbols: in lists, or `all` at once. */
export function planTickerRequests(symbols: readonly string[]): 'all' | readonly (readonly string[])[] {
  if (symbols.length > MOST_LISTS * LIGHT_TICKER_SYMBOLS) return 'all';
  const lists: string[][] = [];
  for (let start = 0; start < symbols.length; start += LIGHT_TICKER_SYMBOLS) {
    lists.push(symbols.slice(start, start + LIGHT_TICKER_SYMBOLS));
  }
  return lists;
}
