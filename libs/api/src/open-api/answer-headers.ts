import type { ApiResponseOptions } from '@nestjs/swagger';

type Headers = NonNullable<ApiResponseOptions['headers']>;

const text = (description: string, example: string): Headers[string] => ({
  description,
  schema: { type: 'string' },
  example,
});

/** Headers of answers, each as a client reads it. */
const HEADERS = {
  ETag: text('Version of the answer, for `If-None-Match`.', 'W/"1TnR6s0kNjqy5ZUo0yFrgA"'),
  'Last-Modified': text('When the newest of what the table says came about.', 'Thu, 15 Jan 2026 14:03:22 GMT'),
  'Cache-Control': text('For how long caches may keep the answer.', 'no-cache'),
  Link: text(
    'Path and query of the next page; absent on the last.',
    '</candles?symbol=BTCUSDT&cursor=WyIw>; rel="next"',
  ),
  'X-Feed-Position': text('Where a stream goes on without a hole, as its `last_event_id`.', 'AZ3c0f4'),
  'Content-Disposition': text(
    'The name under which a browser saves it.',
    'inline; filename="daily_ohlc_BTCUSDT_30d.csv"',
  ),
  'Accept-Ranges': text('Parts may be asked for with `Range`.', 'bytes'),
  'Content-Range': text('Which bytes of how many.', 'bytes 0-1023/1820'),
  Location: text('Where to go on, in the same way.', '/data/12-4a7d1ed41447/hourly_ohlcv.parquet'),
  'WWW-Authenticate': text('How a key is sent.', 'Bearer realm="crypto-streaming-platform", error="invalid_token"'),
  'Retry-After': text('Seconds after which to ask again.', '60'),
  RateLimit: text(
    'What is left of the request budget (`r`), and seconds until it is whole again (`t`).',
    '"default";r=599;t=60',
  ),
  'RateLimit-Policy': text('Requests (`q`) in so many seconds (`w`).', '"default";q=600;w=60'),
} as const satisfies Headers;

export type HeaderName = keyof typeof HEADERS;

/** The named ones, for `headers` of a response. */
export function answerHeaders(...names: readonly HeaderName[]): Headers {
  return Object.fromEntries(names.map((name) => [name, HEADERS[name]]));
}
