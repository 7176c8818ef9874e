import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { inArchiveForm, inTableForm, writeRows } from './archive-rows';
import { compiledFile } from './installation';
import { compare } from './measure';
import type { Figure } from './report';
import { databasePath, inNewFolder } from './workspace';

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
const AT_MOST_MB = 250;
const LEAST_OF_FIRST_PACE = 0.6;

const run = promisify(execFile);

/** What the importing process says of itself at its end. */
export interface ImportRun {
  readonly rowsPerSecond: number;
  readonly firstMillionPerSecond: number;
  readonly lastMillionPerSecond: number;
  readonly peakMegabytes: number;
}

function importFile(file: string): Promise<ImportRun> {
  return inNewFolder(async (folder) => {
    const { stdout } = await run(process.execPath, [compiledFile('import-archive.worker'), file, folder]);
    return JSON.parse(stdout) as ImportRun;
  });
}

/** The table as migrations make it, without keys to other tables. */
const TABLE = `CREATE TABLE candles_1m (symbol text NOT NULL, open_time integer NOT NULL, open text NOT NULL,
  high text NOT NULL, low text NOT NULL, close text NOT NULL, volume text NOT NULL, quote_volume text NOT NULL,
  trade_count integer NOT NULL, taker_buy_volume text NOT NULL, taker_buy_quote_volume text NOT NULL,
  captured_at integer NOT NULL, revision integer NOT NULL, close_time integer NOT NULL, source text NOT NULL,
  PRIMARY KEY (symbol, open_time)) WITHOUT ROWID`;

function importWithSqlite(csv: string): Promise<number> {
  return inNewFolder(async (folder) => {
    const path = databasePath(folder);
    const database = new Database(path);
    database.pragma('journal_mode = WAL');
    database.exec(TABLE);
    database.close();
    const start = performance.now();
    await run('sqlite3', [path, 'PRAGMA synchronous = NORMAL', '.mode csv', `.import ${csv} candles_1m`]);
    return (ROWS * 1_000) / (performance.now() - start);
  });
}

async function requirePeer(): Promise<void> {
  await run('sqlite3', ['--version']).catch((cause: unknown) => {
    throw new Error('the peer is missing: install sqlite3 (apt-get install sqlite3)', { cause });
  });
}

export async function benchImport(): Promise<Figure[]> {
  await requirePeer();
  return inNewFolder(async (folder) => {
    const [archiveCsv, tableCsv] = [join(folder, 'BTCUSDT.csv'), join(folder, 'table.csv')];
    await writeRows(archiveCsv, ROWS, inArchiveForm);
    await writeRows(tableCsv, ROWS, inTableForm);
    const { subject, peer, ratio } = await compare(
      ROUNDS,
      async () => (await importFile(archiveCsv)).rowsPerSecond,
      () => importWithSqlite(tableCsv),
    );
    await writeRows(archiveCsv, MANY_ROWS, inArchiveForm);
    const { peakMegabytes, firstMillionPerSecond, lastMillionPerSecond } = await importFile(archiveCsv);
    return [
      {
        what: `import of an archive file, ${ROWS.toLocaleString('en')} rows`,
        value: `${Math.round(subject)} rows/s`,
        against: `sqlite3 .import: ${Math.round(peer)} rows/s`,
        measure: ratio,
        threshold: { atLeast: AT_LEAST },
      },
      {
        what: `import of ${MANY_ROWS.toLocaleString('en')} rows, resident memory`,
        value: `highest ${Math.round(peakMegabytes)} MB`,
        against: '',
        measure: peakMegabytes,
        threshold: { atMost: AT_MOST_MB },
      },
      {
        what: `import of ${MANY_ROWS.toLocaleString('en')} rows, last million`,
        value: `${Math.round(lastMillionPerSecond)} rows/s`,
        against: `first million: ${Math.round(firstMillionPerSecond)} rows/s`,
        measure: lastMillionPerSecond / firstMillionPerSecond,
        threshold: { atLeast: LEAST_OF_FIRST_PACE },
      },
    ];
  });
}
