import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { AppProcess, COMMAND_HEAP_FLAGS } from '../test/support/app-process';
import { inArchiveForm, inTableForm, writeRows } from './archive-rows';
import { compiledFile } from './installation';
import { compare } from './measure';
import type { Figure } from './report';
import { databasePath, inNewFolder, rawDir } from './workspace';

/**
 * Rows per second of an archive file into the store: read, hashed, checked, written with hours, days, ledger and
 * manifest, a day in each transaction, by a process of its own.
 *
 * Peer: Debian's `sqlite3 .import` of the same rows into the same table with the same journal and `synchronous`, in one
 * transaction. Its CSV has the columns of the table, for `.import` wants one field for each. Nothing that takes CSV into
 * SQLite does less.
 *
 * Then `cli import` of nine million rows: how much memory that takes, and whether the last rows are as fast as the first.
 */
const ROUNDS = 3;
const ROWS = 500_000;
const AT_LEAST = 0.4;
const MANY_ROWS = 9_000_000;
const AT_MOST_MB = 250;
const LEAST_OF_FIRST_PACE = 0.6;
const SAMPLE_EVERY_MS = 250;

const run = promisify(execFile);

/** Rows per second of a process that does as `ImportFileUseCase` does, from the opening of the store to its close. */
function importFile(file: string): Promise<number> {
  return inNewFolder(async (folder) => {
    const { stdout } = await run(process.execPath, [
      ...COMMAND_HEAP_FLAGS,
      compiledFile('import-archive.worker'),
      file,
      folder,
    ]);
    return Number(stdout);
  });
}

/** How far the command was, in bytes of the file, and when, in milliseconds. */
interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Runs the built command as a user does, and watches it from outside. */
function importWithCommand(file: string): Promise<{ peakMegabytes: number; samples: readonly Sample[] }> {
  return inNewFolder(async (folder) => {
    const command = AppProcess.start('cli', {
      args: ['import', '--symbol', 'BTCUSDT', file],
      env: {
        STORAGE_PATH: databasePath(folder),
        RAW_DIR: rawDir(folder),
        INGEST_STATE_DIR: join(folder, 'ingest'),
      },
    });
    const samples: Sample[] = [];
    let peakMegabytes = 0;
    while (command.isRunning) {
      // Counted by the kernel since the process began: nothing is missed between two looks.
      const status = await readFile(`/proc/${command.pid}/status`, 'utf8').catch(() => '');
      peakMegabytes = Math.max(peakMegabytes, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_000);
      const done = Number(/(\d+) of \d+ kB[^\n]*\n$/.exec(command.output)?.[1] ?? 0) * 1_000;
      if (done > (samples.at(-1)?.done ?? 0)) samples.push({ at: performance.now(), done });
      await delay(SAMPLE_EVERY_MS);
    }
    if ((await command.exited()) !== 0) throw new Error(`the import failed:\n${command.output}`);
    return { peakMegabytes, samples };
  });
}

/** Bytes per millisecond between the samples. */
function pace(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first && last ? (last.done - first.done) / (last.at - first.at) : NaN;
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
      () => importFile(archiveCsv),
      () => importWithSqlite(tableCsv),
    );
    await writeRows(archiveCsv, MANY_ROWS, inArchiveForm);
    const { peakMegabytes, samples } = await importWithCommand(archiveCsv);
    const quarter = Math.ceil(samples.length / 4);
    const [first, last] = [pace(samples.slice(0, quarter)), pace(samples.slice(-quarter))];
    return [
      {
        what: `import of an archive file, ${ROWS.toLocaleString('en')} rows`,
        value: `${Math.round(subject)} rows/s`,
        against: `sqlite3 .import: ${Math.round(peer)} rows/s`,
        measure: ratio,
        threshold: { atLeast: AT_LEAST },
      },
      {
        what: `cli import of ${MANY_ROWS.toLocaleString('en')} rows, resident memory`,
        value: `highest ${Math.round(peakMegabytes)} MB`,
        against: '',
        measure: peakMegabytes,
        threshold: { atMost: AT_MOST_MB },
      },
      {
        what: `cli import of ${MANY_ROWS.toLocaleString('en')} rows, last quarter`,
        value: `${Math.round(last)} kB/s`,
        against: `first quarter: ${Math.round(first)} kB/s`,
        measure: last / first,
        threshold: { atLeast: LEAST_OF_FIRST_PACE },
      },
    ];
  });
}
