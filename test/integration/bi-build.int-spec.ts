import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  BiBuildUseCase,
  BiModule,
  BuildClock,
  BuildRunningError,
  FolderTakenError,
  PublishedBuilds,
  type BuiltTable,
} from '@app/bi';
import {
  BI_TABLES,
  CellDoesNotFitError,
  compareCodePoints,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  serializePriceEvent,
  type BiField,
  type BiTableName,
  type MinuteCandle,
} from '@app/domain';
import { ParquetModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';
import { buildMinute } from '@app/testing';
import { describePython, runPython } from '../support/python';
import { Recorder } from '../support/recorder';

const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
/** 34 minutes and 30 seconds into the newest hour of the store: its last minute closed 30 seconds ago. */
const NOW = FIRST + 2 * DAY + 12 * HOUR + 34 * MINUTE + 30 * SECOND;
const LEDGER_START = FIRST - 3_000 * DAY;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', '币安人生USDT'];
const NAMES = Object.keys(BI_TABLES) as BiTableName[];

const BUILDS_UNDER_A_READER = 8;

/** Reads a folder without pause: one file by its name, and all files of the build that the folder is at the moment. */
const READER = `
  const { createHash } = require('node:crypto');
  const { readFileSync, realpathSync } = require('node:fs');
  const { join } = require('node:path');
  const { parentPort, workerData: folder } = require('node:worker_threads');
  const NAMED_READS = 200;
  const failures = [];
  let rounds = 0;
  let ended = false;
  parentPort.once('message', () => (ended = true));
  function round() {
    try {
      for (let read = 0; read < NAMED_READS; read += 1) readFileSync(join(folder, 'symbols.csv'));
      const build = realpathSync(folder);
      for (const { path, hash } of JSON.parse(readFileSync(join(build, 'datapackage.json'), 'utf8')).resources) {
        const found = 'sha256:' + createHash('sha256').update(readFileSync(join(build, path))).digest('hex');
        if (found !== hash) throw new Error(path + ' is of another build');
      }
    } catch (error) {
      failures.push(error.message);
    }
    rounds += 1;
    if (ended) parentPort.postMessage({ rounds, failures });
    else setImmediate(round);
  }
  round();
`;

interface Resource {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly hash: string;
  readonly rows: number;
  readonly rows_not_final: number;
}

const minutes = (symbol: string, start: number, end: number): MinuteCandle[] =>
  Array.from({ length: (end - start) / MINUTE }, (_, index) => {
    const openTime = start + index * MINUTE;
    return buildMinute(symbol, openTime, { capturedAt: openTime + MINUTE + SECOND });
  });

describe('bi-build', () => {
  const recorder = new Recorder(NOW, SYMBOLS.join(','));
  const folder = join(recorder.folder, 'bi/build');

  beforeAll(async () => {
    await recorder.open();
    const { history, sink } = recorder.store;
    for (const symbol of SYMBOLS) {
      await history.track({ symbol, trackedSince: FIRST, ledgerStart: LEDGER_START }, Recorder.ORIGIN);
    }
    await history.saveSymbols(
      [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }],
      Recorder.ORIGIN,
    );
    await recorder.take([
      ...minutes('BTCUSDT', FIRST + 6 * HOUR, FIRST + 2 * DAY + 12 * HOUR + 34 * MINUTE),
      ...minutes('ETHUSDT', FIRST + DAY, FIRST + DAY + 2 * HOUR),
    ]);
    const events = SYMBOLS.map((symbol) => ({
      timestamp: FIRST + 2 * DAY + 123_456,
      symbol,
      lastPrice: '68001.20',
      priceChangePercent: '-1.875',
      volume: '24567.123',
      source: 'binance_api_v3_ticker_24hr',
    }));
    await sink.take({
      origin: Recorder.ORIGIN,
      events: events.map((event) => ({
        kind: 'price' as const,
        symbol: event.symbol,
        capturedAt: event.timestamp,
        value: serializePriceEvent(event),
      })),
    });
    await recorder.serve();
  });

  afterAll(() => recorder.dispose());

  const build = (
    to = folder,
    signal = new AbortController().signal,
    kept = 2,
    after?: string | null,
  ): Promise<BuiltTable[]> => {
    const clock = new BuildClock(recorder.clock);
    const module = BiModule.build(clock, [StorageReadModule.on(clock), ParquetModule]);
    return recorder.run([module], (context) => context.get(BiBuildUseCase).run(to, kept, signal, after));
  };

  /** Whole ones, and what is left of others; the lock is there for good. */
  const builds = (): string[] =>
    readdirSync(join(recorder.folder, 'bi/.build.builds'))
      .filter((name) => name !== 'lock')
      .sort();

  const contents = (of = folder): Record<string, string> =>
    Object.fromEntries(
      readdirSync(of)
        .sort()
        .map((file) => [
          file,
          createHash('sha256')
            .update(readFileSync(join(of, file)))
            .digest('hex'),
        ]),
    );

  const csv = (name: BiTableName): string => readFileSync(join(folder, `${name}.csv`), 'utf8');

  it('should write every table, byte for byte what the API serves', async () => {
    const files = await build();
    expect(files.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    for (const name of NAMES) {
      const { statusCode, body } = await recorder.ask(
        `/bi/${name}.csv?days=3100`.replace(/(latest_prices|symbols).*/, '$1.csv'),
      );
      // The window of hours that the API gives out is shorter; the history of hours begins later as well.
      const served = statusCode === 400 ? (await recorder.ask(`/bi/${name}.csv?days=30`)).body : body;
      expect([name, csv(name)]).toEqual([name, served]);
      const rows = csv(name).split('\r\n').length - 2;
      expect([name, files.find((file) => file.name === name)?.rows]).toEqual([name, rows]);
    }
    // More rows than one page has.
    expect(csv('data_quality').split('\r\n').length).toBeGreaterThan(9_000);
  });

  it('should describe the files with sizes and hashes', () => {
    const text = readFileSync(join(folder, 'datapackage.json'), 'utf8');
    const { resources } = JSON.parse(text) as { resources: Resource[] };
    expect(resources.map(({ path }) => path).sort()).toEqual(
      readdirSync(folder)
        .filter((file) => file !== 'datapackage.json')
        .sort(),
    );
    expect(new Set(resources.map(({ name }) => name)).size).toBe(2 * NAMES.length);
    for (const { path, bytes, hash } of resources) {
      const content = readFileSync(join(folder, path));
      expect([path, bytes, hash]).toEqual([
        path,
        content.length,
        `sha256:${createHash('sha256').update(content).digest('hex')}`,
      ]);
    }
  });

  it('should tell of each file how many rows it has, and how many of them may still change', () => {
    const text = readFileSync(join(folder, 'datapackage.json'), 'utf8');
    const { resources } = JSON.parse(text) as { resources: Resource[] };
    const told = Object.fromEntries(resources.map((resource) => [resource.path, resource]));
    for (const name of NAMES) {
      const [header = '', ...rows] = csv(name).slice(0, -2).split('\r\n');
      const flag = header.split(',').indexOf('is_final');
      const open = rows.filter((row) => row.split(',')[flag] === 'false').length;
      for (const format of ['csv', 'parquet']) {
        expect([name, format, told[`${name}.${format}`]?.rows]).toEqual([name, format, rows.length]);
        if (flag >= 0) expect([name, told[`${name}.${format}`]?.rows_not_final]).toEqual([name, open]);
      }
    }
    // BTCUSDT began in the middle of its first day and is in the middle of its last one; ETHUSDT has two hours of one day.
    // Of two symbols there are polled prices alone on the last day.
    expect(told['daily_ohlc.csv']?.rows_not_final).toBe(5);
    expect(told['daily_metrics.csv']?.rows_not_final).toBe(3);
    expect(told['symbols.csv']?.rows_not_final).toBe(SYMBOLS.length);
    // Days of the ledger that are over and miss no minute: the one of BTCUSDT in between.
    const { rows, rows_not_final: open } = told['data_quality.csv'] ?? { rows: 0, rows_not_final: 0 };
    expect(rows - open).toBe(1);
  });

  it('should give the same bytes for the same data, whenever they are built', async () => {
    await build();
    const before = contents();
    recorder.clock.advance(40 * DAY + 7 * SECOND);
    try {
      await build();
    } finally {
      recorder.clock.advance(-40 * DAY - 7 * SECOND);
    }
    expect(contents()).toEqual(before);
  });

  it('should leave the folder as it was when it fails or is interrupted, and nothing beside it', async () => {
    await build();
    const before = contents();
    const number = 'UPDATE candles_1h SET volume = ? WHERE symbol = ? AND open_time = ?';
    recorder.change(number, '0.123456789', 'BTCUSDT', FIRST + DAY);
    await expect(build()).rejects.toThrow(CellDoesNotFitError);
    recorder.change(number, '300.00', 'BTCUSDT', FIRST + DAY);
    const abort = new AbortController();
    abort.abort();
    await expect(build(folder, abort.signal)).rejects.toThrow(/abort/i);
    expect(contents()).toEqual(before);
    expect(readdirSync(join(folder, '..')).sort()).toEqual(['.build.builds', 'build']);
    expect(builds().filter((name) => !/^\d+$/.test(name))).toEqual([]);
  });

  it('should turn the folder to the whole, keep the build before, and clear away what killed builds left', async () => {
    await build();
    const before = realpathSync(folder);
    writeFileSync(join(folder, 'stray.csv'), '');
    for (const left of ['next-1', 'removed-1']) {
      mkdirSync(join(before, '..', left));
      writeFileSync(join(before, '..', left, 'symbols.csv'), '');
    }
    symlinkSync('nowhere', join(before, '../link-1'));
    await build();
    expect(existsSync(join(folder, 'stray.csv'))).toBe(false);
    expect(existsSync(join(before, 'stray.csv'))).toBe(true);
    expect(builds()).toEqual([basename(before), basename(realpathSync(folder))].sort());
  });

  it('should keep as many builds as it is told, the newest included', async () => {
    for (let number = 0; number < 4; number += 1) await build(folder, undefined, 3);
    const kept = builds().map(Number);
    expect(kept).toHaveLength(3);
    expect(Math.max(...kept)).toBe(Number(basename(realpathSync(folder))));
    expect(Math.min(...kept)).toBe(Math.max(...kept) - 2);
    await build(folder, undefined, 2);
    expect(builds()).toHaveLength(2);
  });

  it('should be made by one at a time', async () => {
    const results = await Promise.allSettled([build(), build(), build()]);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(failures).toHaveLength(2);
    for (const failure of failures) expect(failure).toBeInstanceOf(BuildRunningError);
    await build();
  });

  it('should not be made where another was made since the newest that is known', async () => {
    await build();
    const known = (await new PublishedBuilds(folder).latest())?.name;
    await build(folder, undefined, 2, known);
    const made = builds();
    for (const after of [known, null]) {
      await expect(build(folder, undefined, 2, after)).rejects.toBeInstanceOf(BuildRunningError);
    }
    expect(builds()).toEqual(made);
    await build();
  });

  it('should be known by the time at which it was begun, and by its number and content', async () => {
    recorder.clock.advance(90 * MINUTE);
    const madeAt = recorder.clock.now();
    await build();
    recorder.clock.advance(-90 * MINUTE);
    const latest = await new PublishedBuilds(folder).latest();
    expect(latest?.madeAt).toBe(madeAt);
    const descriptor = readFileSync(join(folder, 'datapackage.json'));
    const hash = createHash('sha256').update(descriptor).digest('hex');
    expect(latest?.name).toBe(`${basename(realpathSync(folder))}-${hash.slice(0, 12)}`);
  });

  it('should take the place of a copied build and of an empty folder, never of other files', async () => {
    await build();
    const before = contents();
    const [copied, empty, link] = [
      join(recorder.folder, 'copied'),
      join(recorder.folder, 'empty'),
      join(recorder.folder, 'link'),
    ];
    cpSync(realpathSync(folder), copied, { recursive: true });
    mkdirSync(empty);
    // A link of the user's own stays one: the builds lie where it points.
    symlinkSync(empty, link);
    for (const path of [copied, empty, link]) {
      await build(path);
      expect(contents(path)).toEqual(before);
    }
    expect(readlinkSync(link)).toBe(empty);
    const foreign = join(recorder.folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'mine.csv'), '');
    for (const path of [foreign, join(foreign, 'mine.csv')])
      await expect(build(path)).rejects.toThrow(FolderTakenError);
    expect(readdirSync(foreign)).toEqual(['mine.csv']);
  });

  it('should never fail a reader: files are there at any moment, and those behind the link are of one build', async () => {
    await build();
    const reader = new Worker(READER, { eval: true, workerData: folder });
    const change = 'UPDATE symbols SET status = ? WHERE symbol = ?';
    try {
      for (let number = 0; number < BUILDS_UNDER_A_READER; number += 1) {
        // Other bytes each time, so that a mixture of two builds would be seen.
        recorder.change(change, `STATUS_${number}`, 'BTCUSDT');
        await build();
      }
      recorder.change(change, 'TRADING', 'BTCUSDT');
      const told = once(reader, 'message');
      reader.postMessage('end');
      const [{ rounds, failures }] = (await told) as [{ rounds: number; failures: string[] }];
      expect(failures).toEqual([]);
      expect(rounds).toBeGreaterThan(1);
    } finally {
      await reader.terminate();
    }
  });

  describePython('as Parquet', () => {
    it('should have the rows of the CSV by symbol and time, with types, digit for digit', async () => {
      await build();
      const types = {
        date: 'DATE',
        datetime: 'TIMESTAMP WITH TIME ZONE',
        string: 'VARCHAR',
        boolean: 'BOOLEAN',
        integer: 'BIGINT',
        decimal: 'DECIMAL(38,8)',
        statistic: 'DOUBLE',
      } as const;
      for (const name of NAMES) {
        const fields = Object.entries<BiField>(BI_TABLES[name].fields);
        const frames = await runPython<Record<string, { types: string[][]; rows: (string | null)[][] }>>(
          'read_parquet.py',
          [join(folder, `${name}.parquet`)],
        );
        const { duckdb } = frames;
        expect([name, duckdb?.types]).toEqual([name, fields.map(([column, { type }]) => [column, types[type]])]);
        const symbolAt = fields.findIndex(([column]) => column === 'symbol');
        const symbolOf = (row: string): string => row.split(',')[symbolAt] ?? '';
        const byTime = csv(name).slice(0, -2).split('\r\n').slice(1);
        // Stable: the rows of a symbol stay in their order of time.
        const rows = byTime.sort((a, b) => compareCodePoints(symbolOf(a), symbolOf(b)));
        expect([name, duckdb?.rows.length]).toEqual([name, rows.length]);
        const shown = (cells: readonly (string | null)[]): string =>
          fields.map(([, { type }], at) => comparable(type, cells[at] ?? '')).join(',');
        expect(duckdb?.rows.map(shown)).toEqual(rows.map((row) => shown(row.split(','))));
      }
    });
  });
});

/** The same value in the same way, as CSV and DuckDB write it. */
function comparable(type: BiField['type'], cell: string): string {
  if (cell === '') return '';
  if (type === 'datetime') return cell.replace('T', ' ').replace('+00:00', '+00').replace('Z', '+00');
  if (type === 'statistic') return String(Number(cell));
  if (type !== 'decimal') return cell;
  return cell.includes('.') ? cell.replace(/\.?0+$/, '') : cell;
}
