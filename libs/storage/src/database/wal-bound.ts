import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, resolveFile } from '@app/files';
import { Counter, Gauge, type Logger, type MetricsRegistry } from '@app/observability';
import { WAL_LIMIT_BYTES } from './sqlite-connection';
import { WalCut, type WalFiles } from './wal-cut';
import type { WriteQueue } from './write-queue';

/** Real time between two looks at the file. */
const LOOK_EVERY_MS = 10_000;
/** At the end, readers are given so many chances to be between two pages. */
const LAST_ATTEMPTS = 5;
const LAST_PAUSE_MS = 100;

/** Bytes of the `-wal` beside the database of this name; 0 when there is none. */
function walBytes(name: string): number {
  try {
    return statSync(`${name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
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
          this.set(walBytes(resolveFile(databasePath)));
        },
      }),
  );
}

/** Pages that are cut along with the file, while writers wait; what is more is brought over before, beside them. */
const MOST_PAGES_AT_THE_CUT = 1_000;
/** How often what has come meanwhile is brought over too. */
const ROUNDS = 3;

export interface WalBoundOptions {
  readonly queue: WriteQueue;
  /** Path of the database without symbolic links; it and its `-wal` are open. */
  readonly path: string;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Told of what makes a cut fail; returns what is thrown in its place. */
  readonly explain?: ((error: unknown) => unknown) | undefined;
}

/**
 * Keeps the `-wal` small. SQLite writes it from its begin again once all of it is in the database, which a reader can put
 * off, but leaves the file as large as it has ever been. One that has become too large is brought over and cut in a
 * thread, at once and then every ten seconds until it succeeds. Units of this process go on meanwhile; while the file is
 * cut they wait, and nothing else does.
 */
export class WalBound {
  private timer: NodeJS.Timeout | undefined;
  private cutting: Promise<boolean> | undefined;
  private isLarge = false;
  private isAbandoned = false;
  private hasFailed = false;
  /** The files that this process has open; undefined before SQLite has made the -wal. */
  private files: WalFiles | undefined;
  private readonly failures: Counter;

  constructor(private readonly options: WalBoundOptions) {
    const { path, queue, metrics } = options;
    this.files = filesOf(path);
    meterWal(path, metrics);
    const name = 'csp_sqlite_wal_cut_failures_total';
    const help = 'Times that a write-ahead log (-wal) which was too large could not be cut because of an error.';
    this.failures = metrics.once(name, () => new Counter({ name, help, registers: [metrics] }));
    queue.onCommit(() => {
      const wasLarge = this.isLarge;
      if (!this.look() && !wasLarge) void this.keep().catch(() => undefined);
    });
  }

  start(): void {
    this.timer = setInterval(() => void this.keep().catch(() => undefined), LOOK_EVERY_MS);
    this.timer.unref();
  }

  /**
   * Cuts a file that is too large, unless a reader or another writer is in the way; returns whether it is small now.
   * @throws the error of SQLite, which is counted and logged
   */
  async keep(): Promise<boolean> {
    if (this.cutting) return this.cutting;
    if (this.look()) return true;
    this.cutting = this.tryCut().finally(() => {
      this.cutting = undefined;
      if (!this.isAbandoned) this.look();
    });
    return this.cutting;
  }

  /** Where the files are to be left as they are: resolves when nothing is done to them any more. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    clearInterval(this.timer);
    await this.cutting?.catch(() => undefined);
  }

  /** Before the queue is closed: nobody may come after this process to do it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (let attempt = 1; !(await this.keep().catch(() => true)) && attempt < LAST_ATTEMPTS; attempt += 1) {
      await delay(LAST_PAUSE_MS);
    }
  }

  /** Returns whether the file is small. A commit may bring over what is small; of the rest it would take too long. */
  private look(): boolean {
    this.files ??= filesOf(this.options.path);
    this.isLarge = walBytes(this.options.path) > WAL_LIMIT_BYTES;
    this.options.queue.bringOverAtCommit(!this.isLarge);
    return !this.isLarge;
  }

  private async tryCut(): Promise<boolean> {
    const { logger, explain = (reason: unknown): unknown => reason } = this.options;
    try {
      const isCut = await this.cut();
      this.hasFailed = false;
      return isCut;
    } catch (error) {
      if (this.isAbandoned) return false;
      this.failures.inc();
      // One line is enough for a disk that is full for hours.
      if (!this.hasFailed) logger.warn({ err: error }, 'the -wal of the database could not be cut; it is tried again');
      this.hasFailed = true;
      throw explain(error);
    }
  }

  private async cut(): Promise<boolean> {
    if (!this.files) return false;
    const thread = new WalCut(this.files);
    try {
      if (!(await this.bringOver(thread))) return false;
      return await this.options.queue.inTurn(() => (this.isAbandoned ? false : thread.cut()));
    } finally {
      await thread.close();
    }
  }

  /** Returns whether so little is left that writers may wait for the rest. */
  private async bringOver(thread: WalCut): Promise<boolean> {
    for (let round = 1; round <= ROUNDS; round += 1) {
      if (this.isAbandoned) return false;
      const left = await thread.bringOver();
      if (left <= MOST_PAGES_AT_THE_CUT) return true;
      if (left === Infinity) return false;
    }
    return false;
  }
}

function filesOf(path: string): WalFiles | undefined {
  const walPath = `${path}-wal`;
  const [database, wal] = [identityOf(path), identityOf(walPath)];
  return database && wal && { database: { path, ...database }, wal: { path: walPath, ...wal } };
}
