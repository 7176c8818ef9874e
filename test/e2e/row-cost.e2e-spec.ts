import { getAll, getJson } from '../support/http';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { ServedMarket } from '../support/served-market';

const ROWS_A_REQUEST = 5_000;
const LIMIT = 50;
/** A window long enough for a test to stay within it. */
const LONG = '600';
const MINUTES = '/candles?interval=1m';

/** What large answers cost, as docs/keys.md tells clients. */
describe('the cost of an answer', () => {
  let market: ServedMarket;
  /** Stored minutes. */
  let rows: number;
  let url: string;
  let left: number;

  beforeAll(async () => {
    market = await ServedMarket.start();
    await market.build();
    rows = (await getAll<object>(market.url, `${MINUTES}&limit=5000`)).length;
    // Three requests.
    expect(rows).toBeGreaterThan(2 * ROWS_A_REQUEST);
    expect(rows).toBeLessThan(3 * ROWS_A_REQUEST);
  });

  beforeEach(async () => {
    await serve(LIMIT);
  });

  afterAll(async () => {
    await market.close();
  });

  /** Another process, with the whole of a budget. */
  async function serve(limit: number): Promise<void> {
    url = await market.serveWith({ THROTTLE_LIMIT: String(limit), THROTTLE_TTL_SECONDS: LONG });
    left = limit;
  }

  const remaining = ({ headers }: RawAnswer): number => Number(headers['x-ratelimit-remaining']);
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> =>
    rawRequest(url, { method, path, headers });
  /** What is left, by an answer of which the cost is known. */
  const look = async (): Promise<number> => {
    const answer = await ask('/bi/datasets.json');
    left -= 1;
    expect(answer.headers['ratelimit']).toMatch(new RegExp(`^"default";r=${remaining(answer)};t=\\d+$`));
    return remaining(answer);
  };

  it.each([
    ['csv', ROWS_A_REQUEST, 1],
    ['csv', ROWS_A_REQUEST + 1, 2],
    ['ndjson', 2 * ROWS_A_REQUEST, 2],
    ['csv', 1_000_000, 3],
    ['ndjson', 1_000_000, 3],
    ['parquet', 1_000_000, 3],
  ])('should be a request for each 5,000 rows that are begun: %s, up to %d rows', async (format, limit, cost) => {
    const { status, headers, body } = await ask(`${MINUTES}&format=${format}&limit=${limit}`);
    expect([status, body.length > 0]).toEqual([200, true]);
    // A file is whole before its first byte is sent, and so is a page; the rest is counted as it is sent.
    const isCountedBefore = format === 'parquet' || cost === 1;
    expect(headers['x-ratelimit-remaining']).toBe(String(LIMIT - (isCountedBefore ? cost : 1)));
    left -= cost;
    expect(await look()).toBe(left);
  });

  it('should be one for each page of JSON, and none of its own for HEAD or for what has not changed', async () => {
    let pages = 0;
    for (let next: string | null = `${MINUTES}&limit=5000`; next !== null; pages += 1) {
      ({ next_url: next } = JSON.parse((await ask(next)).body.toString()) as { next_url: string | null });
    }
    expect(pages).toBe(3);
    left -= pages;
    const head = await ask(`${MINUTES}&format=csv`, {}, 'HEAD');
    expect([head.status, remaining(head)]).toEqual([200, 10 * LIMIT - 1]);
    const { headers } = await ask(`${MINUTES}&limit=5000`);
    left -= 1;
    const unchanged = await ask(`${MINUTES}&limit=5000`, { 'if-none-match': String(headers.etag) });
    expect([unchanged.status, remaining(unchanged)]).toEqual([304, left]);
    expect(await look()).toBe(left);
  });

  it('should not break an answer off that was begun within the budget', async () => {
    await serve(2);
    const { status, body } = await ask(`${MINUTES}&format=csv`);
    expect([status, body.toString().split('\r\n').length - 2]).toEqual([200, rows]);
    const refused = await ask('/bi/datasets.json');
    expect([refused.status, refused.headers['ratelimit']]).toEqual([429, expect.stringMatching(/^"default";r=0;/)]);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it('should be one for a file of /data/, whole or a part, however large it is', async () => {
    interface Builds {
      readonly data: readonly [{ readonly files: readonly { readonly name: string; readonly url: string }[] }];
    }
    const { data } = await getJson<Builds>(`${url}/data/`);
    const file = data[0].files.find(({ name }) => name === 'hourly_ohlcv.csv')?.url ?? '';
    left -= 1;
    for (const [path, headers, status, cost] of [
      [file, {}, 200, 1],
      [file, { range: 'bytes=0-99' }, 206, 1],
      ['/data/', {}, 200, 1],
      ['/data/latest/hourly_ohlcv.csv', {}, 302, 1],
      [file, { 'if-none-match': '*' }, 304, 0],
    ] as const) {
      const answer = await ask(path, headers);
      left -= cost;
      expect([path, answer.status, remaining(answer)]).toEqual([path, status, left]);
    }
  });
});
