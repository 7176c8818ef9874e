import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SystemClock } from '@app/clock';
import { historyKinds } from '@app/history';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';

/** On the disk of the project: the folder for temporary files is memory on some machines, where flushing costs nothing. */
const PARENT = resolve('.cache/bench-data');

/** Runs the work in a new folder, which is removed afterwards. */
export async function inNewFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(PARENT, { recursive: true });
  const folder = mkdtempSync(join(PARENT, 'run-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Database of an installation in the folder. */
export function databasePath(folder: string): string {
  return join(folder, 'app.db');
}

/** Bronze folder of an installation in the folder. */
export function rawDir(folder: string): string {
  return join(folder, 'raw');
}

/** The store as the standalone app opens it, in the folder. */
export function openStore(folder: string): Promise<WriteStore> {
  return WriteStore.open({
    databasePath: databasePath(folder),
    rawDir: rawDir(folder),
    kinds: historyKinds('crypto_prices'),
    clock: new SystemClock(),
    logger: createLogger('warn', 'bench'),
    metrics: new MetricsRegistry(),
  });
}
