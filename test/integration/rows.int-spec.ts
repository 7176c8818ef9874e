import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ask,
  asText,
  BACKFILL_JOBS,
  BRONZE_LOSSES,
  byKeys,
  CANDLES_1D,
  CANDLES_1H,
  DAILY_METRICS,
  CANDLE_REPEATS,
  CANDLE_REVISIONS,
  CANDLES_1M,
  CHANGE_TIMES,
  CLOCK_SPANS,
  COVERAGE,
  COVERAGE_DAYS,
  DAY_CAPTURES,
  DAY_ENDS,
  DAY_VERIFICATIONS,
  describeTable,
  EARLIER_CAPTURES,
  FEED_IDS,
  FIRST_MINUTES,
  FIRST_REVISIONS,
  inRanges,
  KNOWN_DIFFERENCES,
  KNOWN_SYMBOLS,
  METRICS_DAYS,
  MINUTE_TRADES,
  PRICE_EVENTS,
  PRICE_KEYS,
  REPEATED_CAPTURES,
  RowNotNewError,
  runUnit,
  SINK_PROGRESS,
  STOP_NOTES,
  STORE_FACTS,
  SYMBOL_ASSETS,
  SYMBOL_FRAMES,
  SYMBOL_INFOS,
  SYMBOL_LEDGERS,
  SYMBOL_STATUSES,
  SYMBOL_PAIRS,
  TAKEN_KEYS,
  TAKEN_KEYS_BY_AGE,
  TICKER_DAYS,
  TOPIC_LOSSES,
  UNFILLED_RANGES,
  type Answers,
  type ColumnType,
  type Inquiry,
  type KeyRange,
  type Plan,
  type Questions,
  type RowChange,
  type RowKey,
  type RowOf,
  type Rows,
  type Table,
  type Unit,
} from '@app/history';
import { handleOf, openWriter, SqliteBackgroundFinder, SqliteRows, type SqliteHandle } from '@app/storage';
import { MemoryRows } from '@app/testing';
import Database from 'better-sqlite3';
import fc from 'fast-check';

/** A column of each type, one of them without a value, and a key of three fields. */
const SAMPLES = describeTable('samples', ['symbol', 'openTime', 'part'], {
  symbol: 'text',
  openTime: 'time',
  part: 'integer',
  lastPrice: 'decimal',
  isRecorded: 'flag',
  vol7d: 'decimal?',
});

/** The same table with less of it. */
const SAMPLE_PRICES = describeTable('samples', ['symbol', 'openTime', 'part'], {
  symbol: 'text',
  openTime: 'time',
  part: 'integer',
  lastPrice: 'decimal',
});

/** The same rows in another order. */
const SAMPLES_BY_TIME = describeTable('samples', ['openTime', 'part', 'symbol'], {
  symbol: 'text',
  openTime: 'time',
  part: 'integer',
});

const KEYS = describeTable('sample_keys', ['symbol'], { symbol: 'text' });

const DEFINITIONS = `
  CREATE TABLE samples (symbol text NOT NULL, open_time integer NOT NULL, part integer NOT NULL,
    last_price text NOT NULL, is_recorded integer NOT NULL DEFAULT 1, vol_7d text,
    PRIMARY KEY (symbol, open_time, part)) WITHOUT ROWID;
  CREATE TABLE sample_keys (symbol text NOT NULL PRIMARY KEY) WITHOUT ROWID`;

type Sample = RowOf<typeof SAMPLES>;

const addRows = <Row extends object>(table: Table<Row>, rows: readonly Row[]): RowChange => ({
  kind: 'add',
  table,
  rows,
});
const ensureRows = <Row extends object>(table: Table<Row>, rows: readonly Row[]): RowChange => ({
  kind: 'ensure',
  table,
  rows,
});
const putRows = <Row extends object>(table: Table<Row>, rows: readonly Row[]): RowChange => ({
  kind: 'put',
  table,
  rows,
});
const removeRows = <Key extends RowKey>(table: Table<never, Key>, keys: readonly Key[]): RowChange => ({
  kind: 'remove',
  table,
  keys,
});
const removeRanges = (table: Table<never>, ranges: readonly KeyRange[]): RowChange => ({
  kind: 'remove',
  table,
  ranges,
});

const sample = (openTime: number, changes: Partial<Sample> = {}): Sample => ({
  symbol: 'BTCUSDT',
  openTime,
  part: 0,
  lastPrice: '1.50',
  isRecorded: true,
  vol7d: null,
  ...changes,
});

/** What every driver of the tables promises. */
describe.each(['memory', 'SQLite'] as const)('rows in %s', (kind) => {
  let database: SqliteHandle | undefined;
  let rows: Rows;

  const open = (): void => {
    if (kind === 'memory') {
      rows = new MemoryRows();
      return;
    }
    database = new Database(':memory:');
    database.exec(DEFINITIONS);
    rows = new SqliteRows(database);
  };
  const close = (): void => {
    database?.close();
    database = undefined;
  };
  const find = (...keys: [string, number, number][]): unknown => rows.load([byKeys(SAMPLES, keys)])[0];
  const all = (symbol = 'BTCUSDT'): unknown => rows.load([inRanges(SAMPLES, [{ prefix: [symbol] }])])[0]?.[0];

  beforeEach(open);
  afterEach(close);

  it('should give a row back as it was put, decimals as they were written', () => {
    const row = sample(7, { lastPrice: '0068001.20000000', isRecorded: false, vol7d: '0.10' });
    rows.apply([putRows(SAMPLES, [row, sample(8)])]);
    expect(find(['BTCUSDT', 7, 0], ['BTCUSDT', 8, 0])).toEqual([row, sample(8)]);
  });

  it('should answer keys in their order, with nothing where nothing is', () => {
    rows.apply([addRows(SAMPLES, [sample(1), sample(2)])]);
    expect(find(['BTCUSDT', 2, 0], ['BTCUSDT', 2, 1], ['BTCUSDT', 1, 0], ['BTCUSDT', 2, 0])).toEqual([
      sample(2),
      undefined,
      sample(1),
      sample(2),
    ]);
  });

  it('should answer several questions of a round, each for itself', () => {
    rows.apply([addRows(SAMPLES, [sample(1)]), addRows(KEYS, [{ symbol: 'ETHBTC' }])]);
    const answers = rows.load([byKeys(KEYS, [['ETHBTC'], ['BTCUSDT']]), inRanges(SAMPLES, []), byKeys(SAMPLES, [])]);
    expect(answers).toEqual([[{ symbol: 'ETHBTC' }, undefined], [], []]);
  });

  it('should read ranges in the order of keys: numbers by size, texts by code points', () => {
    // By code units the second would come before the first.
    const symbols = ['\u{ff5e}USDT', '\u{1f600}USDT'];
    const given = symbols.flatMap((symbol) =>
      [10, 9, 100].flatMap((openTime) => [1, 0].map((part) => sample(openTime, { symbol, part }))),
    );
    rows.apply([
      addRows(SAMPLES, given),
      addRows(
        KEYS,
        [...symbols].reverse().map((symbol) => ({ symbol })),
      ),
    ]);
    const [times, parts, keys] = rows.load([
      inRanges(SAMPLES, [
        { prefix: ['\u{ff5e}USDT'], from: 10, until: 100 },
        { prefix: ['\u{1f600}USDT'], from: 10 },
        { prefix: ['\u{1f600}USDT'], until: 10 },
      ]),
      inRanges(SAMPLES, [{ prefix: ['\u{ff5e}USDT', 9], from: 1 }, { prefix: ['\u{ff5e}USDT', 11] }]),
      inRanges(KEYS, [{ prefix: [] }, { prefix: [], from: '\u{1f600}' }]),
    ]);
    const placesOf = (answer: Answers[number] | undefined): unknown =>
      (answer as readonly (readonly Sample[])[]).map((range) => range.map(({ openTime, part }) => [openTime, part]));
    expect(placesOf(times)).toEqual([
      [
        [10, 0],
        [10, 1],
      ],
      [
        [10, 0],
        [10, 1],
        [100, 0],
        [100, 1],
      ],
      [
        [9, 0],
        [9, 1],
      ],
    ]);
    expect(placesOf(parts)).toEqual([[[9, 1]], []]);
    expect(keys).toEqual([symbols.map((symbol) => ({ symbol })), [{ symbol: symbols[1] }]]);
  });

  it('should read ranges as text: a line for each row, with the values that the prefix does not hold', () => {
    const prices = [12, 10, 11].map((openTime) => ({
      symbol: 'BTCUSDT',
      openTime: openTime * 1_000_000_000_000_000,
      part: openTime,
      lastPrice: `00${openTime}.50`,
    }));
    rows.apply([
      addRows(
        SAMPLES,
        prices.map((price) => ({ ...sample(0), ...price })),
      ),
    ]);
    const until = 12_000_000_000_000_000;
    const answers = rows.load([
      asText(SAMPLE_PRICES, [
        { prefix: ['BTCUSDT'], until },
        { prefix: ['ETHBTC'] },
        { prefix: ['BTCUSDT', until] },
        { prefix: [], from: 'BTCUSDT', until: 'ETHBTC' },
      ]),
      asText(SAMPLE_PRICES, []),
    ]);
    const lines = ['10000000000000000 10 0010.50', '11000000000000000 11 0011.50', '12000000000000000 12 0012.50'];
    expect(answers).toEqual([
      [lines.slice(0, 2).join('\n'), '', '12 0012.50', lines.map((line) => `BTCUSDT ${line}`).join('\n')],
      [],
    ]);
  });

  it('should make no text of what may have no value, or of a truth value', () => {
    expect(() => rows.load([asText(SAMPLES, [{ prefix: ['BTCUSDT'] }])])).toThrow('samples.isRecorded');
  });

  it('should read the first or the last row of a range alone, where there is one', () => {
    rows.apply([
      addRows(
        SAMPLES,
        [10, 9, 100].flatMap((openTime) => [1, 0].map((part) => sample(openTime, { part }))),
      ),
    ]);
    const one = (range: Omit<KeyRange, 'prefix'>): unknown =>
      rows.load([inRanges(SAMPLES, [{ prefix: ['BTCUSDT'], ...range }])])[0]?.[0];
    expect(one({ only: 'first' })).toEqual([sample(9)]);
    expect(one({ only: 'last' })).toEqual([sample(100, { part: 1 })]);
    expect(one({ until: 100, only: 'last' })).toEqual([sample(10, { part: 1 })]);
    expect(one({ from: 10, only: 'first' })).toEqual([sample(10)]);
    expect(one({ from: 10, until: 100, only: 'first' })).toEqual([sample(10)]);
    expect(one({ until: 9, only: 'last' })).toEqual([]);
    expect(rows.load([inRanges(SAMPLES, [{ prefix: ['A'], only: 'first' }])])).toEqual([[[]]]);
    expect(rows.load([inRanges(KEYS, [{ prefix: [], only: 'last' }])])).toEqual([[[]]]);
  });

  it('should read no more rows from the first of a range on than were asked for', () => {
    rows.apply([
      addRows(
        SAMPLES,
        [10, 9, 100].flatMap((openTime) => [1, 0].map((part) => sample(openTime, { part }))),
      ),
    ]);
    const read = (range: Omit<KeyRange, 'prefix'>): unknown =>
      rows.load([inRanges(SAMPLES, [{ prefix: ['BTCUSDT'], ...range }])])[0]?.[0];
    expect(read({ only: 3 })).toEqual([sample(9), sample(9, { part: 1 }), sample(10)]);
    expect(read({ from: 10, until: 100, only: 3 })).toEqual([sample(10), sample(10, { part: 1 })]);
    expect(read({ only: 1 })).toEqual([sample(9)]);
    expect(read({ from: 101, only: 2 })).toEqual([]);
  });

  it('should find, join and remove the rows of a range alone that have a value within bounds', () => {
    const given = [1, 2, 3, 4, 5].map((openTime) => sample(openTime, { part: 10 - openTime }));
    rows.apply([addRows(SAMPLES, [...given, sample(3, { symbol: 'ETHBTC', part: 7 })])]);
    const having = { field: 'part', from: 6, until: 9 };
    const partsOf = (range: KeyRange): unknown =>
      (rows.load([inRanges(SAMPLES, [range])])[0]?.[0] as readonly Sample[]).map(({ part }) => part);
    expect(partsOf({ prefix: ['BTCUSDT'], having })).toEqual([8, 7, 6]);
    expect(partsOf({ prefix: ['BTCUSDT'], having: { field: 'part', from: 6 } })).toEqual([9, 8, 7, 6]);
    expect(partsOf({ prefix: ['BTCUSDT'], from: 3, until: 5, having })).toEqual([7, 6]);
    expect(partsOf({ prefix: ['BTCUSDT'], having, only: 'first' })).toEqual([8]);
    expect(partsOf({ prefix: ['BTCUSDT'], having, only: 'last' })).toEqual([6]);
    expect(partsOf({ prefix: ['BTCUSDT'], having, only: 2 })).toEqual([8, 7]);
    expect(partsOf({ prefix: [], having: { field: 'openTime', from: 3, until: 4 } })).toEqual([7, 7]);
    const [texts] = rows.load([asText(SAMPLE_PRICES, [{ prefix: ['BTCUSDT'], until: 4, having }])]);
    expect(texts).toEqual(['2 8 1.50\n3 7 1.50']);
    rows.apply([removeRanges(SAMPLES, [{ prefix: ['BTCUSDT'], from: 3, having }])]);
    expect(all()).toEqual([given[0], given[1], given[4]]);
    expect(all('ETHBTC')).toHaveLength(1);
  });

  it('should find no row by a value that it does not have, and none by a field that is not described', () => {
    const TIMES = describeTable('sample_times', ['symbol'], { symbol: 'text', seenAt: 'time?' });
    database?.exec('CREATE TABLE sample_times (symbol text PRIMARY KEY NOT NULL, seen_at integer) WITHOUT ROWID');
    rows.apply([
      addRows(TIMES, [
        { symbol: 'A', seenAt: null },
        { symbol: 'B', seenAt: 0 },
      ]),
    ]);
    expect(rows.load([inRanges(TIMES, [{ prefix: [], having: { field: 'seenAt', from: -1 } }])])).toEqual([
      [[{ symbol: 'B', seenAt: 0 }]],
    ]);
    const unknown = { prefix: ['BTCUSDT'], having: { field: 'vol7d', from: 0 } };
    expect(() => rows.load([inRanges(SAMPLE_PRICES, [unknown])])).toThrow('samples is described without vol7d');
  });

  it('should read the rows of a table in the order of another key', () => {
    rows.apply([addRows(SAMPLES, [sample(2), sample(1, { symbol: 'ETHBTC' }), sample(1), sample(10)])]);
    const placesOf = (range: KeyRange): unknown =>
      (rows.load([inRanges(SAMPLES_BY_TIME, [range])])[0]?.[0] as readonly Sample[]).map(({ openTime, symbol }) => [
        openTime,
        symbol,
      ]);
    expect(placesOf({ prefix: [], until: 10 })).toEqual([
      [1, 'BTCUSDT'],
      [1, 'ETHBTC'],
      [2, 'BTCUSDT'],
    ]);
    expect(placesOf({ prefix: [1, 0], from: 'C' })).toEqual([[1, 'ETHBTC']]);
    rows.apply([removeRanges(SAMPLES_BY_TIME, [{ prefix: [], until: 2 }])]);
    expect(all()).toEqual([sample(2), sample(10)]);
    expect(all('ETHBTC')).toEqual([]);
  });

  it('should put a row in the place of the one under its key, and ensure only one that is not there', () => {
    rows.apply([addRows(SAMPLES, [sample(1), sample(2)])]);
    rows.apply([
      putRows(SAMPLES, [sample(1, { lastPrice: '2' }), sample(3)]),
      ensureRows(SAMPLES, [sample(2, { lastPrice: '2' }), sample(4)]),
      ensureRows(KEYS, [{ symbol: 'A' }, { symbol: 'A' }]),
      putRows(KEYS, [{ symbol: 'A' }]),
    ]);
    expect(all()).toEqual([sample(1, { lastPrice: '2' }), sample(2), sample(3), sample(4)]);
    expect(rows.load([byKeys(KEYS, [['A']])])).toEqual([[{ symbol: 'A' }]]);
  });

  it('should leave what a description does not name as it is', () => {
    rows.apply([addRows(SAMPLES, [sample(1, { isRecorded: false, vol7d: '0.5' })])]);
    const price = { symbol: 'BTCUSDT', openTime: 1, part: 0, lastPrice: '3' };
    rows.apply([putRows(SAMPLE_PRICES, [price])]);
    expect(rows.load([byKeys(SAMPLE_PRICES, [['BTCUSDT', 1, 0]])])).toEqual([[price]]);
    expect(all()).toEqual([sample(1, { isRecorded: false, vol7d: '0.5', lastPrice: '3' })]);
  });

  it.each([1, 45])('should refuse a new row whose key is there, among %i', (count) => {
    rows.apply([addRows(SAMPLES, [sample(count - 1)])]);
    const given = Array.from({ length: count }, (_, index) => sample(index));
    expect(() => {
      rows.apply([addRows(SAMPLES, given)]);
    }).toThrow(RowNotNewError);
  });

  it('should make none of the changes where one of them fails', () => {
    rows.apply([addRows(SAMPLES, [sample(1), sample(2)])]);
    const changes = [
      putRows(SAMPLES, [sample(1, { lastPrice: '2' })]),
      removeRows(SAMPLES, [['BTCUSDT', 2, 0]]),
      addRows(KEYS, [{ symbol: 'A' }]),
      addRows(SAMPLES, [sample(3), sample(1)]),
    ];
    const apply = (): void => {
      rows.apply(changes);
    };
    // Where there are transactions, a unit is one.
    expect(database?.transaction(apply) ?? apply).toThrow(RowNotNewError);
    expect(all()).toEqual([sample(1), sample(2)]);
    expect(rows.load([byKeys(KEYS, [['A']])])).toEqual([[undefined]]);
  });

  it('should refuse a range with a bound behind a whole key', () => {
    rows.apply([addRows(SAMPLES, [sample(1)])]);
    for (const bound of [{ from: 1 }, { until: 1 }]) {
      const range = { prefix: ['BTCUSDT', 1, 0], ...bound };
      expect(() => rows.load([inRanges(SAMPLES, [range])])).toThrow();
      expect(() => rows.load([asText(SAMPLES, [range])])).toThrow();
      expect(() => {
        rows.apply([removeRanges(SAMPLES, [range])]);
      }).toThrow();
    }
    expect(all()).toEqual([sample(1)]);
  });

  it('should remove the rows of keys, and nothing where nothing is', () => {
    rows.apply([addRows(SAMPLES, [sample(1), sample(2), sample(3)])]);
    rows.apply([
      removeRows(SAMPLES, [
        ['BTCUSDT', 2, 0],
        ['BTCUSDT', 3, 1],
      ]),
    ]);
    expect(all()).toEqual([sample(1), sample(3)]);
  });

  it('should remove the rows of ranges, and nothing where nothing is', () => {
    rows.apply([
      addRows(SAMPLES, [...[1, 2, 3, 4].map((openTime) => sample(openTime)), sample(2, { symbol: 'ETHBTC' })]),
    ]);
    rows.apply([
      removeRanges(SAMPLES, [
        { prefix: ['BTCUSDT'], from: 4 },
        { prefix: ['BTCUSDT', 2], until: 1 },
        { prefix: ['BTCUSDT', 3], from: 1 },
        { prefix: ['LTCBTC'] },
      ]),
    ]);
    expect(all()).toEqual([sample(1), sample(3)]);
    rows.apply([removeRanges(SAMPLES, [{ prefix: ['BTCUSDT'] }])]);
    expect(all()).toEqual([]);
    expect(all('ETHBTC')).toEqual([sample(2, { symbol: 'ETHBTC' })]);
  });

  it('should make changes one after the other', () => {
    rows.apply([
      addRows(SAMPLES, [sample(1)]),
      removeRows(SAMPLES, [['BTCUSDT', 1, 0]]),
      addRows(SAMPLES, [sample(1, { lastPrice: '2' })]),
    ]);
    expect(all()).toEqual([sample(1, { lastPrice: '2' })]);
  });

  it('should hold any rows, in whatever number they come', () => {
    const row = fc.record({
      symbol: fc.constantFrom('A', 'B'),
      openTime: fc.integer({ min: 0, max: 30 }),
      part: fc.integer({ min: 0, max: 2 }),
      lastPrice: fc.constantFrom('1', '1.0', '2'),
      isRecorded: fc.boolean(),
      vol7d: fc.option(fc.constantFrom('0.1')),
    });
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 70 }), { maxLength: 3 }), (given) => {
        open();
        try {
          const expected = new Map<string, Sample>();
          for (const one of given.flat()) expected.set(JSON.stringify(SAMPLES.keyOf(one)), one);
          for (const batch of given) rows.apply([putRows(SAMPLES, batch)]);
          const [stored] = rows.load([inRanges(SAMPLES, [{ prefix: ['A'] }, { prefix: ['B'] }])]);
          const inOrder = [...expected.values()].sort((a, b) =>
            a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.openTime - b.openTime || a.part - b.part,
          );
          expect(stored?.flat()).toEqual(inOrder);
        } finally {
          close();
        }
      }),
      { numRuns: 50 },
    );
  });

  it('should resume a unit with its answers until it has a plan, and make its changes', () => {
    rows.apply([addRows(SAMPLES, [sample(1)])]);
    function* unit(): Unit<number> {
      const [[first], ranges] = yield* ask(
        byKeys(SAMPLES, [['BTCUSDT', 1, 0]]),
        inRanges(SAMPLES, [{ prefix: ['BTCUSDT'] }]),
      );
      const [[second]] = yield* ask(byKeys(SAMPLES, [['BTCUSDT', (first?.openTime ?? 0) + 1, 0]]));
      return { outcome: ranges[0]?.length ?? 0, changes: [addRows(SAMPLES, second ? [] : [sample(2)])] };
    }
    expect(runUnit(rows, unit())).toBe(1);
    expect(all()).toEqual([sample(1), sample(2)]);
  });

  it('should change nothing for a unit that fails', () => {
    // eslint-disable-next-line require-yield
    function* unit(): Generator<Questions, Plan<void>, Answers> {
      throw new Error('no plan');
    }
    expect(() => {
      runUnit(rows, unit());
    }).toThrow('no plan');
    expect(all()).toEqual([]);
  });
});

describe('a row that is put only where none is', () => {
  it('should not be passed over for a value that is missing', () => {
    const database = new Database(':memory:');
    try {
      database.exec(DEFINITIONS);
      const rows = new SqliteRows(database);
      const withoutPrice = { ...sample(1), lastPrice: null as unknown as string };
      expect(() => {
        rows.apply([ensureRows(SAMPLES, [withoutPrice])]);
      }).toThrow(/NOT NULL/);
    } finally {
      database.close();
    }
  });
});

describe('an inquiry outside write units', () => {
  it('should be answered from one state of the tables, whatever is written between its rounds', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'csp-row-reader-'));
    const path = join(folder, 'rows.db');
    const [writer, reader] = [new Database(path), new Database(path)];
    try {
      writer.pragma('journal_mode = WAL');
      writer.exec(DEFINITIONS);
      const rows = new SqliteRows(writer);
      function* twice(): Inquiry<number[]> {
        const [[before = []]] = yield* ask(inRanges(SAMPLES, [{ prefix: [] }]));
        rows.apply([addRows(SAMPLES, [sample(before.length)])]);
        const [[after = []]] = yield* ask(inRanges(SAMPLES, [{ prefix: [] }]));
        return [before.length, after.length];
      }
      const store = new SqliteBackgroundFinder(reader);
      expect(await store.find(twice())).toEqual([0, 0]);
      expect(await store.find(twice())).toEqual([1, 1]);
      expect(reader.inTransaction).toBe(false);
    } finally {
      for (const database of [writer, reader]) database.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('descriptions of tables', () => {
  const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
    text: 'TEXT',
    decimal: 'TEXT',
    integer: 'INTEGER',
    time: 'INTEGER',
    flag: 'INTEGER',
  };
  const WRITTEN: readonly Table<never>[] = [
    PRICE_EVENTS,
    TICKER_DAYS,
    CANDLES_1M,
    CANDLE_REVISIONS,
    CANDLE_REPEATS,
    FIRST_REVISIONS,
    CLOCK_SPANS,
    STOP_NOTES,
    KNOWN_SYMBOLS,
    SYMBOL_ASSETS,
    SYMBOL_PAIRS,
    STORE_FACTS,
    TAKEN_KEYS,
    COVERAGE,
    COVERAGE_DAYS,
    DAY_VERIFICATIONS,
    SYMBOL_FRAMES,
    SYMBOL_LEDGERS,
    SYMBOL_INFOS,
    SYMBOL_STATUSES,
    FIRST_MINUTES,
    UNFILLED_RANGES,
    DAY_VERIFICATIONS,
    KNOWN_DIFFERENCES,
    SINK_PROGRESS,
    TOPIC_LOSSES,
    CANDLES_1H,
    CANDLES_1D,
    DAILY_METRICS,
    BACKFILL_JOBS,
    BRONZE_LOSSES,
  ];
  const READ_ALONE: readonly Table<never>[] = [
    DAY_ENDS,
    DAY_CAPTURES,
    DAY_VERIFICATIONS,
    MINUTE_TRADES,
    EARLIER_CAPTURES,
    REPEATED_CAPTURES,
    METRICS_DAYS,
    PRICE_KEYS,
    FEED_IDS,
    CHANGE_TIMES,
  ];
  const folder = mkdtempSync(join(tmpdir(), 'csp-rows-'));

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('should be those of the store, and name all columns that have no default where rows are written', async () => {
    const source = await openWriter(join(folder, 'app.db'));
    try {
      await source.runMigrations();
      const database = handleOf(source);
      for (const table of [...WRITTEN, ...READ_ALONE]) {
        const stored = database.pragma(`table_info(${table.name})`) as {
          readonly name: string;
          readonly type: string;
          readonly notnull: 0 | 1;
          readonly dflt_value: string | null;
          readonly pk: number;
        }[];
        const named = new Map(table.columns.map((column) => [column.name, column]));
        const columns = stored.filter(({ name }) => named.has(name));
        expect(columns.map(({ name, type, notnull }) => [name, type.toUpperCase(), notnull === 0]).sort()).toEqual(
          table.columns.map(({ name, type, isNullable }) => [name, SQL_TYPES[type], isNullable]).sort(),
        );
        expect(
          stored
            .filter(({ pk }) => pk > 0)
            .sort((a, b) => a.pk - b.pk)
            .map(({ name }) => named.get(name)?.field),
        ).toEqual(table.key);
        const fields = table.columns.map(({ field }) => field);
        expect(table.valuesOf(Object.fromEntries(fields.map((field) => [field, field])) as never)).toEqual(fields);
        if (READ_ALONE.includes(table)) continue;
        const others = stored.filter(({ name }) => !named.has(name));
        expect(others.filter(({ notnull, dflt_value: byDefault }) => notnull === 1 && byDefault === null)).toEqual([]);
      }
    } finally {
      await source.destroy();
    }
  });

  it('should be in the order of another key only where the store has an index for it', async () => {
    const source = await openWriter(join(folder, 'app.db'));
    try {
      await source.runMigrations();
      const database = handleOf(source);
      expect([...TAKEN_KEYS_BY_AGE.key].sort()).toEqual([...TAKEN_KEYS.key].sort());
      const plan = database.prepare('EXPLAIN QUERY PLAN DELETE FROM taken_keys WHERE captured_at < ?').all(0);
      expect(plan).toEqual([expect.objectContaining({ detail: expect.stringContaining('taken_keys_age') as string })]);
    } finally {
      await source.destroy();
    }
  });
});
