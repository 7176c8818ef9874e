import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** What is said of what is wrong is cut off at this length: the log is to be read by people. */
const LONGEST_COMPLAINT = 300;

/** Real time between two tables: a reader that comes after the other keeps the -wal from being cut. */
const PAUSE_MS = 50;

/** SQLite begins with a headline of its own and breaks lines. */
function oneLine(complaints: readonly string[]): string {
  const text = complaints
    .join(', ')
    .replace(/\*\*\* in database main \*\*\*/g, '')
    .replace(/\s+/g, ' ');
  return text.trim().slice(0, LONGEST_COMPLAINT);
}

/** Looks at one table after the other, so that no read transaction lasts longer than one of them. */
function check(path: string): { readonly table: string; readonly complaint: string } | undefined {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 1_000 });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
    for (const table of ['sqlite_schema', ...(tables as string[])]) {
      const said = database.pragma(`quick_check("${table.replaceAll('"', '""')}")`) as { quick_check: string }[];
      const complaints = said.map(({ quick_check: line }) => line).filter((line) => line !== 'ok');
      if (complaints.length > 0) return { table, complaint: oneLine(complaints) };
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
    return undefined;
  } finally {
    database.close();
  }
}

try {
  parentPort?.postMessage({ complaint: check(workerData as string) });
} catch (error) {
  const { code, message } = error as { readonly code?: unknown; readonly message: string };
  parentPort?.postMessage({ error: { code: String(code), message } });
}
