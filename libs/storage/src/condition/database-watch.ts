import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  MILLISECOND,
  STORE_READY,
  StoreCondition,
  StoreNotReadyError,
  type Clock,
  type StoreReadiness,
} from '@app/domain';
import { identityOf, isReadOnlyDisk, isSameFile, resolveFile, type FileIdentity } from '@app/files';
import { Counter, Gauge, type Logger, type MetricsRegistry } from '@app/observability';
import { AmbiguousDatabaseError, databaseName } from '../database/database-name';
import { DatabaseFile } from './database-file';
import { examineDatabase } from './examine-database';
import { faultOf, isDamage, overwritten, replaced } from './faults';
import { askLaterFile } from './later-file';
import { OpenFiles } from './open-files';
import { quickCheck } from './quick-check';

/** Real time between two looks at a database in use, and at one that waits to be mended. */
const LOOK_EVERY_MS = 10_000;
const LOOK_FOR_MENDED_EVERY_MS = 1_000;
/** Real time between two checks of one file that was damaged and has changed since. */
const CHECK_AGAIN_AFTER_MS = 60_000;
/** Damage that is met again so soon after a check that found none is believed without another one. */
const BELIEVE_WITHIN_MS = 600_000;
/** How long what has passed goes on being told. */
const TELL_FOR_MS = 3_600_000;

const SECOND_NAME = 'second name';

export interface WatchOptions {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** Whoever has connections to the database. */
export interface DatabaseUser {
  /** Of the session in which this user owns the database; undefined where it does not, or the file does not say so yet. */
  readonly session: number | undefined;
  /** The session that SQLite sees. */
  seenSession(): number;
  /** Brings into the database what waits in a `-wal` that only those have who had it open. */
  save(): Promise<void>;
  /** Closes all connections and leaves the files as they are. */
  abandon(): Promise<void>;
}

/** A database that was let go of. */
interface LostDatabase {
  readonly identity: FileIdentity | undefined;
  readonly session: number | undefined;
  /** By `performance.now`: the clock may have been set since. */
  readonly openedAt: number;
}

/**
 * The database file of a process, of which something may have happened to it: that is a state and no error. Who has it
 * open lets go of it, what is asked of it is answered with the reason, and once it has been mended it is opened again.
 */
export class DatabaseWatch extends StoreCondition {
  private readonly users = new Set<DatabaseUser>();
  /** Those who opened it while its disk could only be read. */
  private readonly openedReadOnly = new Set<DatabaseUser>();
  private readonly noted = new Map<string, { readonly text: string; readonly until: number }>();
  private readonly stopping = new AbortController();
  private readonly faults: Counter<'state'>;
  private readonly checkSeconds: Gauge;
  private timers: readonly NodeJS.Timeout[] = [];
  private open: OpenFiles | undefined;
  private fault: StoreNotReadyError | undefined;
  private lost: LostDatabase = { identity: undefined, session: undefined, openedAt: 0 };
  /** The files as they were when the fault was found, or looked at last. */
  private signature = '';
  private checkedAt = -Infinity;
  /** Whether SQLite has stumbled over a part, and the whole has not been read yet. */
  private isDoubted = false;
  private openedAgainAt = -Infinity;
  private leaving: Promise<void> = Promise.resolve();
  private looking: Promise<void> | undefined;
  private checking: Promise<'whole' | 'damaged' | 'unknown'> | undefined;
  private isWriter = false;
  private wantsCheck = false;

  constructor(private readonly options: WatchOptions) {
    super();
    const registers = [options.metrics];
    const isReady = (): number => (this.fault ? 0 : 1);
    new Gauge({
      name: 'csp_store_whole',
      help: 'Whether the database file is whole and the one that was opened; 0 while it waits to be mended.',
      registers,
      collect() {
        this.set(isReady());
      },
    });
    this.faults = new Counter({
      name: 'csp_store_faults_total',
      help: 'Times the database was found damaged, foreign, removed, replaced, overwritten, or with a second name.',
      labelNames: ['state'],
      registers,
    });
    this.checkSeconds = new Gauge({
      name: 'csp_store_check_seconds',
      help: 'How long the last whole check of the database took.',
      registers,
    });
  }

  get databasePath(): string {
    return this.options.databasePath;
  }

  get rawDir(): string {
    return this.options.rawDir;
  }

  private get folders(): string[] {
    return [dirname(this.options.databasePath), this.options.rawDir];
  }

  watchFiles(): void {
    if (this.timers.length > 0) return;
    if (this.fault) this.say(this.fault);
    this.timers = [
      setInterval(() => void this.look(), LOOK_EVERY_MS),
      setInterval(() => void this.lookForMended(), LOOK_FOR_MENDED_EVERY_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopping.abort();
    await Promise.all([this.looking, this.checking, this.leaving]);
  }

  readiness(): StoreReadiness {
    return this.fault ? { ready: false, state: this.fault.state, reason: this.fault.reason } : STORE_READY;
  }

  notes(): readonly string[] {
    const now = performance.now();
    for (const [about, { until }] of this.noted) if (until <= now) this.noted.delete(about);
    return [...this.noted.values()].map(({ text }) => text);
  }

  /** Tells of something that has passed, for an hour. */
  note(about: string, text: string): void {
    this.noted.set(about, { text, until: performance.now() + TELL_FOR_MS });
  }

  /** From now on this process writes, and takes no file that it has not been given by `cli rebuild`. */
  willWrite(): void {
    this.isWriter = true;
  }

  /**
   * Before a connection is opened: the path to open, without symbolic links. Its folder has to be there.
   * @throws StoreNotReadyError when it must not be opened
   */
  admit(): string {
    if (this.fault) throw this.fault;
    try {
      const name = databaseName(this.options.databasePath);
      examineDatabase(name, this.options.rawDir);
      return name;
    } catch (error) {
      throw this.met(error) ?? error;
    }
  }

  /** Before anything is read. @throws StoreNotReadyError from the moment at which something is known of the file */
  assertWhole(): void {
    if (this.fault) throw this.fault;
  }

  /** After connections were opened. @throws StoreNotReadyError when they have to be closed at once */
  entered(user: DatabaseUser, name: string): void {
    if (this.fault) throw this.fault;
    this.users.add(user);
    if (isReadOnlyDisk(dirname(name))) this.openedReadOnly.add(user);
    this.open ??= OpenFiles.hold(name);
  }

  /** After they were closed. */
  left(user: DatabaseUser): void {
    this.users.delete(user);
    this.openedReadOnly.delete(user);
    if (this.users.size > 0) return;
    this.open?.release();
    this.open = undefined;
  }

  /**
   * Before it is opened for writing: who opened it while its disk could only be read opens it anew, once that can be written.
   * All connections of a process share the `-shm` as SQLite opened it first, and nobody could write beside them.
   */
  async renewReadOnly(): Promise<void> {
    if (this.openedReadOnly.size === 0 || this.folders.some(isReadOnlyDisk)) return;
    const users = [...this.openedReadOnly];
    this.openedReadOnly.clear();
    for (const user of users) await user.abandon();
  }

  /** What an error that was met says of the database, for whoever asked; undefined when it says nothing of it. */
  met(error: unknown): StoreNotReadyError | undefined {
    const fault = faultOf(error, this.folders);
    if (!fault) return undefined;
    // A question may meet first what a look at the files would find.
    if (fault.isDamage) this.raise(this.open?.isOverwritten() === true ? overwritten() : fault, error);
    // What the system refuses may be because the file has gone.
    else if (this.open && !(error instanceof StoreNotReadyError)) void this.look();
    return this.fault ?? fault;
  }

  /** Whether all of it should be read, because it was not whole before; asked once. */
  takeWantsCheck(): boolean {
    const wanted = this.wantsCheck;
    this.wantsCheck = false;
    return wanted;
  }

  /** Reads the whole database, in a thread; `unknown` when it could not. */
  check(): Promise<'whole' | 'damaged' | 'unknown'> {
    this.checking ??= this.runCheck().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  /** Looks at the files of an open database; done by itself every ten seconds. */
  look(): Promise<void> {
    this.looking ??= this.lookAtFiles()
      .catch((error: unknown) => {
        this.options.logger.error({ err: error }, 'the files of the database could not be looked at');
      })
      .finally(() => {
        this.looking = undefined;
      });
    return this.looking;
  }

  /** Looks whether what was found has been mended; done by itself every second. */
  lookForMended(): Promise<void> {
    this.looking ??= this.tryMended()
      .catch((error: unknown) => {
        this.options.logger.error({ err: error }, 'the database could not be looked at');
      })
      .finally(() => {
        this.looking = undefined;
      });
    return this.looking;
  }

  private async lookAtFiles(): Promise<void> {
    const { open } = this;
    const [anyone] = this.users;
    if (!open || !anyone || this.fault) return;
    this.noteSecondName();
    const own = [...this.users].map(({ session }) => session).find((session) => session !== undefined);
    const finding = await open.look({ own, seen: () => anyone.seenSession() });
    if (this.open !== open) return;
    if (finding.kind === 'doubtful') await this.check();
    if (finding.kind === 'side_removed') {
      for (const user of this.users) await user.save();
    }
    if (finding.kind === 'fault' || finding.kind === 'side_removed') this.raise(finding.fault);
    // Everything is in the file now: it only has to be opened again.
    if (finding.kind === 'side_removed') this.signature = '';
  }

  /** A link made for a backup does no harm as long as nobody opens the database by it. */
  private noteSecondName(): void {
    try {
      databaseName(this.options.databasePath);
      this.noted.delete(SECOND_NAME);
    } catch (error) {
      if (error instanceof AmbiguousDatabaseError) this.note(SECOND_NAME, error.reason);
    }
  }

  private async runCheck(): Promise<'whole' | 'damaged' | 'unknown'> {
    const { open } = this;
    if (!open) return 'unknown';
    const startedAt = performance.now();
    try {
      const fault = await quickCheck(open.name, this.stopping.signal);
      if (this.open !== open) return 'unknown';
      this.checkSeconds.set((performance.now() - startedAt) / 1_000);
      if (!fault) return 'whole';
      this.checkedAt = performance.now();
      this.raise(fault);
      return 'damaged';
    } catch (error) {
      if (!this.stopping.signal.aborted) {
        this.options.logger.warn({ err: error }, 'the database could not be checked; it is tried again');
      }
      return 'unknown';
    }
  }

  private raise(fault: StoreNotReadyError, cause?: unknown): void {
    if (this.fault) return;
    this.fault = fault;
    this.faults.inc({ state: fault.state });
    const { databasePath } = this.options;
    this.isDoubted =
      isDamage(cause) && this.open !== undefined && performance.now() - this.openedAgainAt > BELIEVE_WITHIN_MS;
    const { identity, session, openedAt } = this.open ?? {};
    this.lost = { identity: identity ?? identityOf(databasePath), session, openedAt: openedAt ?? performance.now() };
    if (this.timers.length > 0) this.say(fault, cause);
    this.signature = this.signatureNow();
    this.leaving = this.leave();
  }

  private say({ state, reason }: StoreNotReadyError, cause?: unknown): void {
    const { databasePath, logger } = this.options;
    const details = { database: databasePath, state, ...(cause === undefined ? {} : { err: cause }) };
    logger.error(details, `${databasePath} is neither read nor written: ${reason}`);
  }

  private async leave(): Promise<void> {
    for (const user of [...this.users]) {
      try {
        await user.abandon();
      } catch (error) {
        this.options.logger.warn({ err: error }, 'a connection to the database could not be closed');
      }
      this.left(user);
    }
  }

  private async tryMended(): Promise<void> {
    if (!this.fault) return;
    await this.leaving;
    const signature = this.signatureNow();
    if (signature === '' || (signature === this.signature && !this.isDoubted)) return;
    const isSoonAfterCheck = performance.now() - this.checkedAt < CHECK_AGAIN_AFTER_MS;
    if (this.fault.state === 'damaged' && this.isSameFile() && isSoonAfterCheck) return;
    this.signature = signature;
    if (!(await this.isMended())) return;
    this.fault = undefined;
    this.wantsCheck = true;
    this.openedAgainAt = performance.now();
    this.options.logger.warn({ database: this.options.databasePath }, 'the database is opened again');
  }

  private async isMended(): Promise<boolean> {
    let name: string;
    try {
      name = databaseName(this.options.databasePath);
      examineDatabase(name, this.options.rawDir);
    } catch (error) {
      // What is wrong may be another thing now.
      const fault = faultOf(error, this.folders);
      if (fault?.isDamage === true) this.fault = fault;
      return false;
    }
    const isSame = this.isSameFile();
    const state = this.fault?.state;
    if (state === 'replaced') return isSame || this.isGiven(name);
    if (state === 'overwritten') return isSame ? sessionOf(name) === this.lost.session : this.isGiven(name);
    if (state === 'foreign') return !isSame;
    if (state === 'damaged') return !isSame || this.isWholeNow(name);
    if (state !== 'removed' || isSame || this.lost.identity === undefined || this.isGiven(name)) return true;
    this.fault = replaced();
    return false;
  }

  /** Whether the database that was let go of is at its place. */
  private isSameFile(): boolean {
    return isSameFile(this.lost.identity, identityOf(this.options.databasePath));
  }

  /** Whether another file was put there on purpose: by a rebuild, or where this process only reads, by who owns it now. */
  private isGiven(name: string): boolean {
    const later = askLaterFile(name);
    const openedAt = this.options.clock.realNow() - (performance.now() - this.lost.openedAt) * MILLISECOND;
    if (later?.rebuiltAt !== undefined && later.rebuiltAt >= openedAt) return true;
    return !this.isWriter && later?.isOwned === true;
  }

  private async isWholeNow(name: string): Promise<boolean> {
    this.checkedAt = performance.now();
    this.isDoubted = false;
    const file = DatabaseFile.hold(name);
    try {
      const fault = await quickCheck(name, this.stopping.signal);
      if (fault) this.fault = fault;
      return fault === undefined;
    } catch {
      return false;
    } finally {
      file.release();
    }
  }

  /** Differs from before when something has happened to the files; empty while there is none. */
  private signatureNow(): string {
    const [found, wal] = ['', '-wal'].map((end) => statOf(this.options.databasePath, end));
    return found ? [found, wal].map((stats) => JSON.stringify(stats)).join() : '';
  }
}

/** What tells states of a file apart; undefined where there is none. */
function statOf(databasePath: string, end: string): object | undefined {
  try {
    const { dev, ino, size, mtimeMs, nlink } = statSync(`${resolveFile(databasePath)}${end}`);
    return { dev, ino, size, mtimeMs, nlink };
  } catch {
    return undefined;
  }
}

function sessionOf(name: string): number | undefined {
  const file = DatabaseFile.hold(name);
  try {
    return file.read().header?.marks.session;
  } finally {
    file.release();
  }
}
