import { gunzipSync } from 'node:zlib';
import { BI_TABLE_HEADERS, BI_TABLES, numericColumns, type BiTableName } from '@app/domain';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

const NAMES = Object.keys(BI_TABLES) as BiTableName[];
const WINDOWED = NAMES.filter((name) => BI_TABLES[name].primaryKey.length === 2);
const SYMBOLS = [...SERVED_SYMBOLS].reverse();
const QUERY = `symbols=${encodeURIComponent(SYMBOLS.join(','))}`;

/** Every option, alone and together. */
const OPTIONS = [
  'sep=;',
  'sep=tab',
  'sep=,',
  'decimal=.',
  'bom=1',
  'bom=0',
  'sep=;&decimal=,',
  'sep=tab&decimal=,',
  'sep=;&decimal=,&bom=1',
] as const;
const SEPARATORS: Readonly<Record<string, string>> = { ',': ',', ';': ';', tab: '\t' };

const columnsOf = (name: BiTableName): readonly string[] => BI_TABLE_HEADERS[name];

/** Cells of a CSV that has none in quotes. */
const cells = (text: string, separator = ','): string[][] =>
  text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(separator));

describe('text options of CSV tables', () => {
  let market: ServedMarket;
  const get = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(market.url, { path, headers });
  const text = async (path: string): Promise<string> => {
    const { status, body } = await get(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString()}`);
    return body.toString('utf8');
  };

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    await market.close();
  });

  /** What the plain cells of a table look like with options. */
  function written(plain: readonly string[][], name: BiTableName, options: string): string {
    const query = new URLSearchParams(options);
    const separator = SEPARATORS[query.get('sep') ?? ','] ?? '';
    const isNumeric = columnsOf(name).map((column) => numericColumns(name).includes(column));
    const marked = plain.map((row, line) =>
      row.map((cell, index) =>
        line > 0 && isNumeric[index] && query.get('decimal') === ',' ? cell.replace('.', ',') : cell,
      ),
    );
    const lines = marked.map((row) => `${row.join(separator)}\r\n`).join('');
    return `${query.get('bom') === '1' ? '\uFEFF' : ''}${lines}`;
  }

  describe.each(NAMES)('/bi/%s.csv', (name) => {
    it.each(OPTIONS)('should give the cells of the contract with %s', async (options) => {
      const plain = cells(await text(`/bi/${name}.csv?${QUERY}`));
      expect(plain.length).toBeGreaterThan(1);
      expect(await text(`/bi/${name}.csv?${QUERY}&${options}`)).toBe(written(plain, name, options));
    });

    it('should give the columns asked for, in their order', async () => {
      const [header = [], ...rows] = cells(await text(`/bi/${name}.csv?${QUERY}`));
      for (const columns of [[...header].reverse(), header.slice(2, 3), [header[1] ?? '', header[0] ?? '']]) {
        const chosen = cells(await text(`/bi/${name}.csv?${QUERY}&columns=${columns.join(',')}`));
        expect(chosen).toEqual([columns, ...rows.map((row) => columns.map((column) => row[header.indexOf(column)]))]);
      }
    });

    it.each([...OPTIONS, 'columns', 'wide'])(
      'should agree with itself byte for byte with %s: HEAD, ranges, gzip and 304',
      async (option) => {
        if (option === 'wide' && !WINDOWED.includes(name)) return;
        const values: Readonly<Record<string, string>> = {
          columns: `columns=symbol,${columnsOf(name)[0] === 'symbol' ? (columnsOf(name)[1] ?? '') : (columnsOf(name)[0] ?? '')}`,
          wide: `wide=${numericColumns(name)[0] ?? ''}&sep=;&decimal=,&bom=1`,
        };
        const path = `/bi/${name}.csv?${QUERY}&${values[option] ?? option}`;
        const whole = await get(path);
        expect(whole.status).toBe(200);
        expect(whole.headers['content-disposition']).toMatch(/^inline; filename="[A-Za-z0-9_.-]+\.csv"$/);
        const { length } = whole.body;
        const head = await rawRequest(market.url, { method: 'HEAD', path });
        for (const header of ['etag', 'content-length', 'content-type', 'content-disposition', 'last-modified']) {
          expect([header, head.headers[header]]).toEqual([header, whole.headers[header]]);
        }
        expect(head.headers['content-length']).toBe(String(length));
        const parts = [
          await get(path, { range: 'bytes=0-9' }),
          await get(path, { range: `bytes=10-${length - 6}` }),
          await get(path, { range: 'bytes=-5' }),
        ];
        expect(parts.map(({ status }) => status)).toEqual([206, 206, 206]);
        expect(Buffer.concat(parts.map(({ body }) => body)).equals(whole.body)).toBe(true);
        const packed = await get(path, { 'accept-encoding': 'gzip' });
        const isPacked = whole.body.length > 1_024;
        expect([packed.headers['content-encoding'], packed.headers['etag']]).toEqual([
          isPacked ? 'gzip' : undefined,
          whole.headers['etag'],
        ]);
        expect((isPacked ? gunzipSync(packed.body) : packed.body).equals(whole.body)).toBe(true);
        const again = await get(path, { 'if-none-match': String(whole.headers['etag']) });
        expect([again.status, again.body.length]).toEqual([304, 0]);
      },
    );

    /** The tag by which an answer is known; another one where a minute of the open day has passed meanwhile. */
    async function tagOf(path: string): Promise<string | undefined> {
      for (;;) {
        const { headers } = await get(path);
        const known = await get(`${path}&_=1`, { 'if-none-match': String(headers.etag) });
        if (known.status === 304) return headers.etag;
        expect(known.headers.etag).not.toBe(headers.etag);
      }
    }

    it('should keep the answers to other options apart', async () => {
      const asked = [
        '',
        ...['sep=;', 'sep=tab', 'sep=;&decimal=,', 'bom=1', `columns=${columnsOf(name)[1] ?? ''}`],
        ...(WINDOWED.includes(name) ? numericColumns(name).map((column) => `wide=${column}`) : []),
      ];
      const tags = new Set<string | undefined>();
      for (const options of asked) tags.add(await tagOf(`/bi/${name}.csv?${QUERY}&${options}`));
      // Metrics that need more days than there are have the same empty cells.
      const texts = new Set(await Promise.all(asked.map((options) => text(`/bi/${name}.csv?${QUERY}&${options}`))));
      expect(tags.size).toBe(texts.size);
      expect(texts.size).toBeGreaterThan(5);
    });

    it.each([
      ['decimal=,', 'decimal', /another sep/],
      ['decimal=,&sep=,', 'decimal', /another sep/],
      ['decimal=x', 'decimal', /one of/],
      ['sep=|', 'sep', /one of/],
      ['sep=', 'sep', /one of/],
      ['bom=2', 'bom', /one of/],
      ['columns=nope', 'columns', /symbol/],
      ['columns=symbol,nope', 'columns', /symbol/],
      ['columns=symbol,symbol', 'columns', /each once/],
      ['columns=', 'columns', /each once/],
      ['columns=constructor', 'columns', /symbol/],
      ['wide=symbol', 'wide', /numeric column|no such parameter/],
      ['wide=nope', 'wide', /numeric column|no such parameter/],
      ['wide=', 'wide', /numeric column|no such parameter/],
      ['wide=close,open', 'wide', /numeric column|no such parameter/],
    ])('should refuse %s by its name, saying what is allowed', async (options, field, allowed) => {
      const { status, headers, body } = await get(`/bi/${name}.csv?${options}`);
      expect([status, headers['cache-control']]).toEqual([400, 'no-store']);
      const [error] = (JSON.parse(body.toString()) as { errors: { field: string; allowed: string }[] }).errors;
      expect([error?.field, error?.allowed]).toEqual([field, expect.stringMatching(allowed)]);
      if (field !== 'columns') return;
      for (const column of columnsOf(name)) expect(error?.allowed).toContain(column);
    });
  });

  describe.each(WINDOWED)('wide /bi/%s.csv', (name) => {
    const time = columnsOf(name)[0] ?? '';

    it.each(numericColumns(name))('should have the cells of the long table for %s', async (column) => {
      const symbols = [SYMBOL_WITHOUT_DATA, ...SYMBOLS];
      const query = `symbols=${encodeURIComponent(symbols.join(','))}`;
      const long = cells(await text(`/bi/${name}.csv?${query}&columns=${time},symbol,${column}`)).slice(1);
      const [header = [], ...rows] = cells(await text(`/bi/${name}.csv?${query}&wide=${column}`));
      expect(header).toEqual([time, ...symbols]);
      expect(rows.map(([at]) => at)).toEqual([...new Set(long.map(([at]) => at))]);
      const known = new Map(long.map(([at, symbol, cell]) => [`${at} ${symbol}`, cell]));
      for (const [at, ...row] of rows) {
        expect(row).toEqual(symbols.map((symbol) => known.get(`${at} ${symbol}`) ?? ''));
      }
    });

    it('should have the columns by code points when no symbols are asked for', async () => {
      const [column = ''] = numericColumns(name);
      const [header] = cells(await text(`/bi/${name}.csv?wide=${column}`));
      expect(header).toEqual([time, 'BTCUSDT', SYMBOL_WITHOUT_DATA, 'PEPEUSDT', '币安人生USDT']);
    });

    it('should be its header for a symbol without rows, and have a name of its own', async () => {
      const [column = ''] = numericColumns(name);
      const path = `/bi/${name}.csv?symbol=${SYMBOL_WITHOUT_DATA}&wide=${column}&days=2`;
      const { body, headers } = await get(path);
      expect(body.toString()).toBe(`${time},${SYMBOL_WITHOUT_DATA}\r\n`);
      const file = `${name}_${column}_wide_${SYMBOL_WITHOUT_DATA}_2d.csv`;
      expect(headers['content-disposition']).toBe(`inline; filename="${file}"`);
    });

    it('should refuse columns beside it', async () => {
      const [column = ''] = numericColumns(name);
      const { status, body } = await get(`/bi/${name}.csv?wide=${column}&columns=symbol`);
      expect(status).toBe(400);
      expect((JSON.parse(body.toString()) as { errors: { field: string }[] }).errors[0]?.field).toBe('columns');
    });
  });

  it('should be read by a German spreadsheet, decimals and umlauts of other scripts too', async () => {
    const path = `/bi/daily_ohlc.csv?${QUERY}`;
    const { body } = await get(`${path}&wide=close&sep=;&decimal=,&bom=1`);
    expect([...body.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [header, ...rows] = cells(body.subarray(3).toString('utf8'), ';');
    expect(header).toEqual(['date', ...SYMBOLS]);
    const long = cells(await text(`${path}&columns=close`)).slice(1);
    const closes = rows.flatMap(([, ...row]) => row).filter((cell) => cell !== '');
    expect(closes.every((cell) => /^\d+(,\d+)?$/.test(cell))).toBe(true);
    expect(closes.map((cell) => cell.replace(',', '.')).sort()).toEqual(long.flat().sort());
  });
});
