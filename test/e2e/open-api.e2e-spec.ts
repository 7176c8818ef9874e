import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import fc from 'fast-check';
import { getJson } from '../support/http';
import { rawRequest } from '../support/raw-request';
import { ServedMarket } from '../support/served-market';

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly example?: unknown;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
  readonly components: object;
}

const RUNS_PER_ROUTE = 400;

/** Values that programs get wrong. */
const NASTY = [
  '',
  ' ',
  '0',
  '-1',
  '1.5',
  '1e9',
  'abc',
  'null',
  'NaN',
  '\u0000',
  '\r\nX-Injected: 1',
  "' OR 1=1 --",
  '../../etc/passwd',
  '<script>',
  '{"$gt":""}',
  '%',
  '%zz',
  '💥',
  '\ud800',
  '9'.repeat(400),
  '1763635200',
  '9999999999999',
  '-271821-04-20',
  '+275760-09-13T00:00:00Z',
  '2026-02-30',
  '2026-11-20T25:00:00Z',
] as const;

const NASTY_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'limit[]', 'symbol[0]', 'a.b', '_', ''];

/** A value of a parameter: what its description allows, what lies at the edges, and what no description would. */
function valueOf({ enum: names = [], minimum, maximum, example }: Schema): fc.Arbitrary<string> {
  const edges = [minimum, maximum].flatMap((edge) =>
    edge === undefined ? [] : [edge - 1, edge, edge + 1].map(String),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(String(example), ...names, ...edges) },
    { weight: 2, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    {
      weight: 1,
      arbitrary: fc
        .date({ min: new Date('2026-11-01'), max: new Date('2026-12-01'), noInvalidDate: true })
        .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().slice(0, 10), String(date.getTime()))),
    },
  );
}

/** Half a surrogate pair cannot be encoded: through bytes it becomes U+FFFD. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** A path out of that of a route, whose parts are as its parameters say, or as they should not be. */
function pathOf(path: string, { parameters = [] }: Operation): fc.Arbitrary<string> {
  const parts = parameters.filter((parameter) => parameter.in === 'path');
  return (
    fc
      // An empty one makes another path of it.
      .tuple(...parts.map(({ schema }) => valueOf(schema).filter((value) => value !== '')))
      .map((values) =>
        parts.reduce((text, { name }, at) => text.replace(`{${name}}`, () => encode(values[at] ?? '')), path),
      )
  );
}

/** A query out of the parameters of a route, some repeated, and some that it does not have. */
function queryOf({ parameters = [] }: Operation): fc.Arbitrary<string> {
  const known = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) =>
      fc
        .oneof(
          // Of many parameters a question has a few: some exclude each other.
          { weight: Math.max(3, 2 * parameters.length), arbitrary: fc.constant([]) },
          { weight: 3, arbitrary: fc.constant([String(schema.example)]) },
          { weight: 1, arbitrary: fc.array(valueOf(schema), { minLength: 1, maxLength: 2 }) },
        )
        .map((values) => values.map((value) => [name, value] as const)),
    );
  const unknown = fc.array(fc.tuple(fc.constantFrom(...NASTY_NAMES), fc.constantFrom(...NASTY)), { maxLength: 1 });
  return fc
    .tuple(unknown, ...known)
    .map((groups) => groups.flat().map(([name, value]) => `${encode(name)}=${encode(value)}`))
    .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
}

/** Questions made up from the API's own description: whatever is asked, the answer is one that it describes. */
describe('an API asked at random', () => {
  let market: ServedMarket;
  let document: Document;
  let ajv: Ajv2020;

  beforeAll(async () => {
    market = await ServedMarket.start();
    document = await getJson<Document>(`${market.url}/openapi.json`);
    ajv = new Ajv2020({ strict: false, allErrors: true, formats: { date: true, 'date-time': true } });
    ajv.addSchema(document, 'api');
  });

  afterAll(async () => {
    await market.close();
  });

  function validator(path: string, status: number, type: string): ValidateFunction | undefined {
    const pointer = ['paths', path, 'get', 'responses', String(status), 'content', type, 'schema']
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent)
      .join('/');
    return ajv.getSchema(`api#/${pointer}`);
  }

  it('should give no 5xx, and nothing that its description does not have (25)', async () => {
    const outcomes = new Map<string, Set<number>>();
    for (const [path, { get: operation }] of Object.entries(document.paths)) {
      const statuses = new Set<number>();
      outcomes.set(path, statuses);
      await fc.assert(
        fc.asyncProperty(pathOf(path, operation), queryOf(operation), async (asked, query) => {
          const { status, headers, body } = await rawRequest(market.url, { path: `${asked}${query}` });
          statuses.add(status);
          const described = operation.responses[String(status)];
          expect(described && status < 500 ? 'described' : `${status}: ${body.toString().slice(0, 300)}`).toBe(
            'described',
          );
          const type = String(headers['content-type']).split(';')[0] ?? '';
          expect(Object.keys(described?.content ?? {})).toContain(type);
          if (status >= 400) expect(headers['cache-control']).toBe('no-store');
          // Items with some of their fields only are no items of the schema.
          if (!/^application\/(?:problem\+)?json$/.test(type) || (status === 200 && /[?&]columns=/.test(query))) return;
          const validate = validator(path, status, type);
          expect(validate).toBeDefined();
          expect([validate?.(JSON.parse(body.toString())), validate?.errors]).toEqual([true, null]);
        }),
        { numRuns: operation.parameters?.length ? RUNS_PER_ROUTE : 20 },
      );
    }
    // The questions were neither all good nor all bad.
    for (const [path, { get: operation }] of Object.entries(document.paths)) {
      if (operation.parameters?.some((parameter) => parameter.in === 'query'))
        expect([path, [...(outcomes.get(path) ?? [])].sort()]).toEqual([path, expect.arrayContaining([200, 400])]);
    }
  });

  it('should give answers that match their own schemas when asked as its examples ask', async () => {
    // What a path with names in it leads to, others have made.
    const fixed = Object.entries(document.paths).filter(([path]) => !path.includes('{'));
    for (const [path, { get: operation }] of fixed) {
      const { status, headers, body } = await rawRequest(market.url, {
        path: `${path}${path === '/trades/range' ? '?start=2026-11-20&end=2026-11-21' : ''}`,
      });
      expect([path, status]).toEqual([path, 200]);
      const type = String(headers['content-type']).split(';')[0] ?? '';
      expect(Object.keys(operation.responses['200']?.content ?? {})[0]).toBe(type);
      const validate = type === 'application/json' ? validator(path, 200, type) : undefined;
      if (validate) expect([path, validate(JSON.parse(body.toString())), validate.errors]).toEqual([path, true, null]);
    }
  });
});
