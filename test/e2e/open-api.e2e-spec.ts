import fc from 'fast-check';
import { AnswerCheck, type DescribedAnswers } from '../support/described-answers';
import { getJson, type ListPage } from '../support/http';
import { API_SEED } from '../support/randomness';
import { questionsAbout, SEEN_VERSION, type AskedOperation, type KnownValues } from '../support/random-questions';
import { rawRequest } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket } from '../support/served-market';

type Operation = AskedOperation & DescribedAnswers;

interface Document {
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
}

/** 5,000 in all. */
const RUNS_PER_ROUTE = 300;
/** Of a route without parameters: headers alone make its answers differ. */
const RUNS_OF_FIXED_ROUTE = 60;

/** Questions made up from the API's own description: whatever is asked, the answer is one that it describes. */
describe(`an API asked at random (API_SEED=${API_SEED})`, () => {
  let market: ServedMarket;
  let document: Document;
  let check: AnswerCheck;
  let known: KnownValues;

  beforeAll(async () => {
    process.stderr.write(`an API asked at random: API_SEED=${API_SEED}\n`);
    market = await ServedMarket.start();
    await market.build();
    document = await getJson<Document>(`${market.url}/openapi.json`);
    check = new AnswerCheck(document);
    known = await knownValues();
  });

  afterAll(async () => {
    await market.close();
  });

  /** What is there, and what a program is given by one answer for the next question. */
  async function knownValues(): Promise<KnownValues> {
    const lists = ['/candles?', '/coverage?', '/daily-metrics?', '/symbols?', '/trades/latest?'];
    const pages = await Promise.all(lists.map((path) => getJson<ListPage<object>>(`${market.url}${path}limit=1`)));
    const cursors = pages.flatMap(({ next_cursor: cursor }) => (cursor === null ? [] : [cursor]));
    expect(cursors.length).toBeGreaterThan(0);
    const { headers } = await rawRequest(market.url, { path: '/candles?limit=1' });
    const { data } = await getJson<{ data: { build: string; files: { name: string }[] }[] }>(`${market.url}/data/`);
    return {
      symbol: [...SERVED_SYMBOLS, 'NOPE'],
      symbols: [SERVED_SYMBOLS.join(','), 'BTCUSDT,NOPE'],
      cursor: cursors,
      last_event_id: [String(headers['x-feed-position'])],
      start: ['2026-11-19', '-24h', 'today'],
      end: ['2026-11-20T11:00:00Z', 'now'],
      columns: ['symbol', 'symbol,close', 'nothing'],
      build: data.map(({ build }) => build),
      file: data.flatMap(({ files }) => files.map(({ name }) => name)),
    };
  }

  it('should give no 5xx, and nothing that its description does not have (25)', async () => {
    const outcomes = new Map<string, Set<number>>();
    for (const [path, { get: operation }] of Object.entries(document.paths)) {
      const statuses = new Set<number>();
      outcomes.set(path, statuses);
      let version = '"none"';
      await fc.assert(
        fc.asyncProperty(questionsAbout(path, operation, known), async ({ method, path: asked, headers }) => {
          const sent = { ...headers };
          if (sent['if-none-match'] === SEEN_VERSION) sent['if-none-match'] = version;
          const answer = await rawRequest(market.url, { method, path: asked, headers: sent });
          statuses.add(answer.status);
          version = answer.headers['etag'] ?? version;
          expect(check.faultsOf(path, operation, { method, path: asked, headers: sent }, answer)).toEqual([]);
        }),
        { numRuns: operation.parameters?.length ? RUNS_PER_ROUTE : RUNS_OF_FIXED_ROUTE, seed: API_SEED },
      );
    }
    // The questions were neither all good nor all bad.
    for (const [path, { get: operation }] of Object.entries(document.paths)) {
      const met = [...(outcomes.get(path) ?? [])].sort();
      const isAsked = operation.parameters?.some((parameter) => parameter.in === 'query') === true;
      expect([path, met]).toEqual([path, expect.arrayContaining(isAsked ? [200, 400, 401] : [401])]);
    }
    const all = [...new Set([...outcomes.values()].flatMap((statuses) => [...statuses]))];
    expect(all).toEqual(expect.arrayContaining([200, 206, 302, 304, 400, 401, 404, 416]));
  });

  it('should answer what its examples ask with what they promise', async () => {
    // What a path with names in it leads to, others have made.
    const fixed = Object.entries(document.paths).filter(([path]) => !path.includes('{'));
    for (const [path, { get: operation }] of fixed) {
      const query = path === '/trades/range' ? '?start=2026-11-20&end=2026-11-21' : '';
      const asked = { method: 'GET', path: `${path}${query}`, headers: {} } as const;
      const answer = await rawRequest(market.url, asked);
      expect([path, answer.status, check.faultsOf(path, operation, asked, answer)]).toEqual([path, 200, []]);
      const type = String(answer.headers['content-type']).split(';')[0] ?? '';
      expect(Object.keys(operation.responses['200']?.content ?? {})[0]).toBe(type);
    }
  });
});
