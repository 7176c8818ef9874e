import type { RawQuery } from './query-parameters';

/** Weight of a request by path and query, as the exchange's documentation lists it; 0 for a path it does not know. */
export function weightOf(path: string, query: RawQuery): number {
  switch (path) {
    case '/api/v3/ping':
    case '/api/v3/time':
      return 1;
    case '/api/v3/exchangeInfo':
      return 20;
    case '/api/v3/klines':
    case '/api/v3/uiKlines':
      return 2;
    case '/api/v3/aggTrades':
      return 4;
    case '/api/v3/ticker/24hr':
      return tickerWeight(query);
    default:
      return 0;
  }
}

function tickerWeight({ symbol, symbols }: RawQuery): number {
  if (symbol !== undefined) {
    return 2;
  }
  if (symbols === undefined) {
    return 80;
  }
  // Counted without parsing it as JSON: a list that is refused is charged too.
  const count = String(symbols).split(',').length;
  return count <= 20 ? 2 : count <= 100 ? 40 : 80;
}
