import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { ARCHIVE_SOURCE, MILLISECOND } from '@app/domain';

/**
 * Rows per second of an archive file into the store: read, hashed, checked, written with hours, days, ledger and
 * manifest, a day in each transaction, by a process of its own.
 *
 * Peer: Debian's `sqlite3 .import` of the same rows into the same table with the same journal and `synchronous`, in one
 * transaction. Its CSV has the columns of the table, for `.import` wants one field for each. Nothing that takes CSV into
 * SQLite does less.
 *
 * Then ten million rows in one go: how much memory that takes, and whether the last million is as fast as the first.
 */
const ROUNDS = 3;
const ROWS = 500_000;
const AT_LEAST = 0.4;
const MANY_ROWS = 10_000_000;
const MOST_MEGABYTES = 250;
const LEAST_OF_FIRST_PACE = 0.6;

/** By itself V8 lets the heap grow to four times what is in use before it collects, however much memory there is. */
const HEAP_FLAGS = ['--heap-growing-percent=25'];

const MINUTE_MS = 60_000;
/** Ten million minutes from here end in 2024. */
const FIRST_OPEN_TIME = Date.UTC(2005, 0, 1);
const LINES_AT_ONCE = 10_000;

const run = promisify(execFile);

/** What the importing process says of itself at its end. */
export interface ImportRun {
  readonly rowsPerSecond: number;
  readonly firstMillionPerSecond: number;
  readonly lastMillionPerSecond: number;
  readonly peakMegabytes: number;
}

/** A sequence that is the same in every run (the generator of Numerical Recipes, 7.1). */
function sequence(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

type RowWriter = (openTime: number, closeTime: number, numbers: readonly (string | number)[]) => string;

const inArchiveForm: RowWriter = (openTime, closeTime, [open, high, low, close, volume, ...others]) =>
  [openTime, open, high, low, close, volume, closeTime, ...others, 0].join(',');

const inTableForm: RowWriter = (openTime, closeTime, numbers) => {
  const [openMicros, closeMicros] = [openTime * MILLISECOND, closeTime * MILLISECOND];
  return ['BTCUSDT', openMicros, ...numbers, Date.UTC(2026, 0, 1) * MILLISECOND, 1, closeMicros, ARCHIVE_SOURCE].join(
    ',',
  );
};

/** Writes rows of the size of BTCUSDT's. */
async function writeRows(path: string, rows: number, write: RowWriter): Promise<void> {
  const next = sequence();
  const file = createWriteStream(path);
  const decimal = (units: number, scale: number): string =>
    `${(units / 10 ** scale).toFixed(scale)}${'0'.repeat(8 - scale)}`;
  let price = 6_800_000;
  let lines = '';
  for (let index = 0; index < rows; index += 1) {
    const close = price + next(2_001) - 1_000;
    const [high, low] = [Math.max(price, close) + next(500), Math.min(price, close) - next(500)];
    const numbers = [
      ...[price, high, low, close].map((ticks) => decimal(ticks, 2)),
      decimal(next(10_000_000), 5),
      decimal(next(1_000_000_000), 2),
      1 + next(2_000),
      decimal(next(5_000_000), 5),
      decimal(next(500_000_000), 2),
    ];
    const openTime = FIRST_OPEN_TIME + index * MINUTE_MS;
    lines += `${write(openTime, openTime + MINUTE_MS - 1, numbers)}\n`;
    price = close;
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) {
      if (!file.write(lines)) await once(file, 'drain');
      lines = '';
    }
  }
  file.end(lines);
  await once(file, 'close');
}

/** On the disk of the project: the folder for temporary files is memory on some machines, where flushing costs nothing. */
const PARENT = resolve('.cache/bench-data');

async function inNewFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(PARENT, { recursive: true });
  const folder = mkdtempSync(join(PARENT, 'import-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function importFile(file: string): Promise<ImportRun> {
  return inNewFolder(async (folder) => {
    const worker = resolve(__dirname, 'import-archive.worker.js');
    const { stdout } = await run(process.execPath, [...HEAP_FLAGS, worker, file, folder]);
    return JSON.parse(stdout) as ImportRun;
  });
}

/** The table as migrations make it, without keys to other tables. */
const TABLE = `CREATE TABLE candles_1m (symbol text NOT NULL, open_time integer NOT NULL, open text NOT NULL,
  high text NOT NULL, low text NOT NULL, close text NOT NULL, volume text NOT NULL, quote_volume text NOT NULL,
  trade_count integer NOT NULL, taker_buy_volume text NOT NULL, taker_buy_quote_volume text NOT NULL,
  captured_at integer NOT NULL, revision integer NOT NULL, close_time integer NOT NULL, source text NOT NULL,
  PRIMARY KEY (symbol, open_time)) WITHOUT ROWID`;

function importWithSqlite(csv: string, rows: number): Promise<number> {
  return inNewFolder(async (folder) => {
    const path = join(folder, 'app.db');
    const database = new Database(path);
    database.pragma('journal_mode = WAL');
    database.exec(TABLE);
    database.close();
    const start = performance.now();
    await run('sqlite3', [path, 'PRAGMA synchronous = NORMAL', '.mode csv', `.import ${csv} candles_1m`]);
    return (rows * 1_000) / (performance.now() - start);
  });
}

async function hasSqlite(): Promise<boolean> {
  return run('sqlite3', ['--version']).then(
    () => true,
    () => false,
  );
}

/** Rates of both in turn, `ROUNDS` times after one that warms up: the round whose ratio is the median. */
async function compareImports(archiveCsv: string, tableCsv: string): Promise<{ subject: number; peer: number }> {
  const rounds: { subject: number; peer: number }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const peer = await importWithSqlite(tableCsv, ROWS);
    const { rowsPerSecond: subject } = await importFile(archiveCsv);
    if (round > 0) rounds.push({ subject, peer });
  }
  rounds.sort((a, b) => a.subject / a.peer - b.subject / b.peer);
  return rounds[Math.floor(rounds.length / 2)] ?? { subject: NaN, peer: NaN };
}

function report(what: string, isMet: boolean): void {
  console.log(`${isMet ? '      ' : 'MISSED'}  ${what}`);
  if (!isMet) process.exitCode = 1;
}

async function main(): Promise<void> {
  if (!(await hasSqlite())) throw new Error('the peer is missing: install sqlite3 (apt-get install sqlite3)');
  await inNewFolder(async (folder) => {
    const [archiveCsv, tableCsv] = [join(folder, 'BTCUSDT.csv'), join(folder, 'table.csv')];
    await writeRows(archiveCsv, ROWS, inArchiveForm);
    await writeRows(tableCsv, ROWS, inTableForm);
    const { subject, peer } = await compareImports(archiveCsv, tableCsv);
    const ratio = subject / peer;
    report(
      `${ROWS} rows: ${Math.round(subject)} rows/s, sqlite3 .import ${Math.round(peer)} rows/s, ` +
        `ratio ${ratio.toFixed(2)} (at least ${AT_LEAST})`,
      ratio >= AT_LEAST,
    );
    await writeRows(archiveCsv, MANY_ROWS, inArchiveForm);
    const { peakMegabytes, firstMillionPerSecond, lastMillionPerSecond } = await importFile(archiveCsv);
    report(
      `${MANY_ROWS} rows: at most ${Math.round(peakMegabytes)} MB resident (at most ${MOST_MEGABYTES})`,
      peakMegabytes <= MOST_MEGABYTES,
    );
    const pace = lastMillionPerSecond / firstMillionPerSecond;
    report(
      `last million ${Math.round(lastMillionPerSecond)} rows/s, first ${Math.round(firstMillionPerSecond)} rows/s, ` +
        `ratio ${pace.toFixed(2)} (at least ${LEAST_OF_FIRST_PACE})`,
      pace >= LEAST_OF_FIRST_PACE,
    );
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
