import { rawRequest } from './raw-request';

/** Every route that reads the store, and those beside them that speak of it. */
const READING = [
  '/symbols',
  '/trades/latest?symbol=BTCUSDT',
  '/trades/range?symbol=BTCUSDT&start=2026-11-20&end=2026-11-21',
  '/candles?symbol=BTCUSDT&interval=1m',
  '/candles?symbol=BTCUSDT&interval=15m&limit=5',
  '/candles?symbol=BTCUSDT&interval=1d',
  '/coverage?symbol=BTCUSDT',
  '/daily-metrics?symbol=BTCUSDT',
  '/bi/daily_ohlc.csv',
  '/bi/daily_volume.csv',
  '/bi/latest_prices.csv',
  '/bi/hourly_ohlcv.csv',
  '/bi/daily_metrics.csv',
  '/bi/data_quality.csv',
  '/bi/symbols.csv',
  '/stream/prices?symbols=BTCUSDT',
  '/stream/candles?symbols=BTCUSDT&start=2026-11-20',
];
const ALWAYS_SERVED = ['/', '/health', '/livez', '/metrics', '/openapi.json', '/bi/datasets.json'];

/** What a route answered that should have said what is the matter with the database, and did not. */
export interface WrongAnswer {
  readonly route: string;
  readonly status: number;
  readonly text: string;
}

/**
 * Asks every route while the database cannot be used. Routes that read it answer 503 with problem details that name it
 * and how to mend it, the others go on; returns those that do otherwise.
 */
export async function routesWithoutStore(url: string): Promise<WrongAnswer[]> {
  const wrong: WrongAnswer[] = [];
  for (const route of [...READING, '/readyz', ...ALWAYS_SERVED]) {
    const { status, headers, body } = await rawRequest(`${url}${route}`);
    const text = body.toString('utf8');
    const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
    const saysWhy = isProblem && /the database .*`cli rebuild`/.test(text);
    const isRight = ALWAYS_SERVED.includes(route) ? status === 200 : status === 503 && saysWhy;
    if (!isRight) wrong.push({ route, status, text: text.slice(0, 300) });
  }
  return wrong;
}
