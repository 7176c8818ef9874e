import fc from 'fast-check';

interface Schema {
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly example?: unknown;
}

export interface AskedOperation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
}

/** Values by name that a description cannot know: cursors, builds, captured symbols. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** A request made up from a description. */
export interface Question {
  readonly method: 'GET' | 'HEAD';
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** In place of a version in `If-None-Match`: the one of the last answer of the same route. */
export const SEEN_VERSION = 'seen';

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

/** Headers that change an answer, with values that are right, that are wrong, and that are no values at all. */
const HEADERS: KnownValues = {
  accept: [
    '*/*',
    'text/csv',
    'application/x-ndjson',
    'application/vnd.apache.parquet',
    'text/html, text/csv;q=0.5',
    'application/json;q=0',
    'nonsense',
    '',
  ],
  'accept-encoding': ['gzip', 'br', 'gzip, deflate, br', 'identity;q=0', '*;q=0', 'nonsense'],
  'if-none-match': [SEEN_VERSION, '*', '"x"', 'W/"x", W/"y"', 'nonsense'],
  'if-modified-since': ['Fri, 01 Jan 2100 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'nonsense'],
  range: ['bytes=0-9', 'bytes=10-', 'bytes=-5', 'bytes=99999999999-', 'bytes=5-2', 'bytes=0-1,3-4', 'pages=1', ''],
  'if-range': ['"x"', 'Fri, 01 Jan 2100 00:00:00 GMT'],
  'x-api-key': ['', 'unknown', 'one, another'],
  authorization: ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer unknown'],
  origin: ['https://dashboard.example', 'null'],
};

/** How many times as often a header is absent as it is there. */
const HEADER_ABSENT = 12;

/** A value of a parameter: what its description allows, what lies at the edges, and what no description would. */
function valueOf(
  { enum: names = [], minimum, maximum, example }: Schema,
  known: readonly string[],
): fc.Arbitrary<string> {
  const edges = [minimum, maximum].flatMap((edge) =>
    edge === undefined ? [] : [edge - 1, edge, edge + 1].map(String),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(String(example), ...names, ...known, ...edges) },
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
function pathOf(path: string, { parameters = [] }: AskedOperation, known: KnownValues): fc.Arbitrary<string> {
  const parts = parameters.filter((parameter) => parameter.in === 'path');
  const parted = fc.tuple(
    ...parts.map(({ name, schema }) => {
      const values = known[name] ?? [];
      // An empty one makes another path of it.
      const any = valueOf(schema, values).filter((value) => value !== '');
      return values.length === 0 ? any : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, any);
    }),
  );
  return parted.map((values) =>
    parts.reduce((text, { name }, at) => text.replace(`{${name}}`, () => encode(values[at] ?? '')), path),
  );
}

/** A query out of the parameters of a route, some repeated, and some that it does not have. */
function queryOf({ parameters = [] }: AskedOperation, known: KnownValues): fc.Arbitrary<string> {
  const taken = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) =>
      fc
        .oneof(
          // Of many parameters a question has a few: some exclude each other.
          { weight: Math.max(3, 2 * parameters.length), arbitrary: fc.constant([]) },
          { weight: 3, arbitrary: fc.constantFrom(String(schema.example), ...(known[name] ?? [])).map((one) => [one]) },
          { weight: 1, arbitrary: fc.array(valueOf(schema, known[name] ?? []), { minLength: 1, maxLength: 2 }) },
        )
        .map((values) => values.map((value) => [name, value] as const)),
    );
  const unknown = fc.array(fc.tuple(fc.constantFrom(...NASTY_NAMES), fc.constantFrom(...NASTY)), { maxLength: 1 });
  return fc
    .tuple(unknown, ...taken)
    .map((groups) => groups.flat().map(([name, value]) => `${encode(name)}=${encode(value)}`))
    .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
}

/** Some headers, most of them absent. */
function headersOf(): fc.Arbitrary<Readonly<Record<string, string>>> {
  const some = Object.entries(HEADERS).map(([name, values]) =>
    fc.oneof(
      { weight: HEADER_ABSENT, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constantFrom(...values).map((value) => [[name, value] as const]) },
    ),
  );
  return fc.tuple(...some).map((groups) => Object.fromEntries(groups.flat()));
}

/** Questions about a route, made up from its description: right ones, wrong ones, and what nobody should ask. */
export function questionsAbout(path: string, operation: AskedOperation, known: KnownValues): fc.Arbitrary<Question> {
  return fc
    .record({
      method: fc.constantFrom('GET' as const, 'GET' as const, 'GET' as const, 'HEAD' as const),
      path: pathOf(path, operation, known),
      query: queryOf(operation, known),
      headers: headersOf(),
    })
    .map(({ method, path: asked, query, headers }) => ({ method, path: `${asked}${query}`, headers }));
}
