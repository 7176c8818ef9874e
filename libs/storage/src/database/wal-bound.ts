import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { resolveFile } from '@app/files';
import { Gauge, type MetricsRegistry } from '@app/observability';
import { WAL_LIMIT_BYTES } from './sqlite-connection';
import type { WriteQueue } from './write-queue';

/** Real time between two looks at the file. */
const LOOK_EVERY_MILLIS = 10_000;
/** At the end, readers are given so many chances to be between two pages. */
const LAST_ATTEMPTS = 5;
const LAST_PAUSE_MILLIS = 100;

/** Bytes of the `-wal` beside the database that a path leads to; 0 when there is none. */
function walBytes(databasePath: string): number {
  try {
    return statSync(`${resolveFile(databasePath)}-wal`).size;
  } catch {
    return 0;
  }
}

/** Tells how large the `-wal` beside the database is. */
export function meterWal(databasePath: string, metrics: MetricsRegistry): void {
  const name = 'csp_sqlite_wal_bytes';
  metrics.once(
    name,
    () =>
      new Gauge({
        name,
        help: 'Bytes of the write-ahead log (-wal) beside the database.',
        registers: [metrics],
        collect() {
          this.set(walBytes(databasePath));
        },
      }),
  );
}

/**
 * Keeps the `-wal` small. SQLite writes it from its begin again once all of it is in the database, which a reader can put
 * off, but leaves the file as large as it has ever been. Every ten seconds what is too large is brought over and cut.
 */
export class WalBound {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: WriteQueue,
    private readonly databasePath: string,
    metrics: MetricsRegistry,
  ) {
    meterWal(databasePath, metrics);
  }

  start(): void {
    this.timer = setInterval(() => void this.keep().catch(() => undefined), LOOK_EVERY_MILLIS);
    this.timer.unref();
  }

  /** Cuts a file that is too large, unless a reader or another writer is in the way; returns whether it is small now. */
  async keep(): Promise<boolean> {
    if (walBytes(this.databasePath) <= WAL_LIMIT_BYTES) return true;
    return this.queue.checkpoint();
  }

  /** Where the files are to be left as they are. */
  abandon(): void {
    clearInterval(this.timer);
  }

  /** Before the queue is closed: nobody may come after this process to do it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (let attempt = 1; !(await this.keep().catch(() => true)) && attempt < LAST_ATTEMPTS; attempt += 1) {
      await delay(LAST_PAUSE_MILLIS);
    }
  }
}
