import Database from 'better-sqlite3';
import type { CopyFault } from './database-copy.js';

const [, , from = '', to = ''] = process.argv;
/** How long it waits for the lock that opening may need. */
const PATIENCE_MS = 5_000;

try {
  const database = new Database(from, { readonly: true, fileMustExist: true, timeout: PATIENCE_MS });
  database.prepare('VACUUM INTO ?').run(to);
  database.close();
} catch (error) {
  const { code, message } = error as { readonly code?: unknown; readonly message: string };
  const fault: CopyFault = { code: String(code), message };
  process.send?.(fault);
  process.exitCode = 1;
}
process.disconnect();
