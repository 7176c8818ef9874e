import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreNotReadyError } from '@app/domain';
import { identityOf, isSameFile, type FileIdentity } from '@app/files';
import { DatabaseFile, type FileCondition } from './database-file';
import { damaged, overwritten, removed, replaced } from './faults';
import { pagesIn } from './wal-frames';

/** A file that is too short, and stays as it is for so long (real time), is not being written by anybody. */
const STANDS_STILL_MS = 1_000;
/** Unit of `Stats.blocks`, whatever the blocks of the disk are. */
const BLOCK_BYTES = 512;
/** In the page of this byte SQLite keeps its locks, and nothing else. */
const LOCK_BYTE = 0x40000000;

/** Whose session the process sees, past the file and through SQLite. */
export interface SessionView {
  /** Of the owner in this process; undefined where there is none, or its session has not reached the file yet. */
  readonly own: number | undefined;
  /** What SQLite says, with what waits in the `-wal`. */
  readonly seen: () => number;
}

/**
 * What has happened to the files of a database:
 * - `side_removed`: its `-wal` or `-shm`; what they held is only in the hands of who has them open
 * - `doubtful`: the file has become smaller, or has holes that it had not: it may be as it should be
 */
export type FilesFinding =
  | { readonly kind: 'whole' | 'doubtful' }
  | { readonly kind: 'fault' | 'side_removed'; readonly fault: StoreNotReadyError };

const WHOLE: FilesFinding = { kind: 'whole' };

/** The files of an open database as they were when it was opened. */
export class OpenFiles {
  private readonly sides: ReadonlyMap<string, FileIdentity | undefined>;
  private pageCount: number;
  private hasHoles: boolean;
  private lastSession: number | undefined;

  private constructor(
    /** Path without symbolic links. */
    readonly name: string,
    /** By `performance.now`. */
    readonly openedAt: number,
    private readonly file: DatabaseFile,
  ) {
    this.sides = new Map(['-wal', '-shm'].map((side) => [side, identityOf(`${name}${side}`)]));
    const condition = file.read();
    this.pageCount = condition.header?.pageCount ?? 0;
    this.lastSession = condition.header?.marks.session;
    this.hasHoles = hasHoles(name);
  }

  /** After the connections are open, through which SQLite has made what it keeps beside the file. */
  static hold(name: string): OpenFiles {
    return new OpenFiles(name, performance.now(), DatabaseFile.hold(name));
  }

  get identity(): FileIdentity {
    return this.file.identity;
  }

  /** Number of the session that the file belonged to when it was looked at last. */
  get session(): number | undefined {
    return this.lastSession;
  }

  async look(view: SessionView): Promise<FilesFinding> {
    const found = identityOf(this.name);
    if (!found) return fault(removed('its file was removed or renamed while it was in use'));
    if (!isSameFile(found, this.identity)) return fault(replaced());
    const condition = this.file.read();
    const { header } = condition;
    if (header && isCutOff(condition)) {
      const isDamaged = (await this.standsStill(condition)) && !this.isRestInWal(condition);
      return isDamaged ? fault(damaged(cutOff(condition))) : WHOLE;
    }
    if (condition.bytes === 0) return fault(damaged('its file was cut off (0 bytes are left)'));
    if (!header || this.isOfAnotherSession(header.marks.session, view)) return fault(overwritten());
    for (const [side, before] of this.sides) {
      if (before && !isSameFile(identityOf(`${this.name}${side}`), before)) {
        return { kind: 'side_removed', fault: removed(`its ${side} was removed while it was in use`) };
      }
    }
    return this.isDoubtful(header.pageCount) ? { kind: 'doubtful' } : WHOLE;
  }

  /** Whether something else than a database is in the file, which is neither gone nor empty. */
  isOverwritten(): boolean {
    const { bytes, header } = this.file.read();
    return bytes > 0 && !header && isSameFile(identityOf(this.name), this.identity);
  }

  /** After the connections are closed. */
  release(): void {
    this.file.release();
  }

  private isOfAnotherSession(session: number, { own, seen }: SessionView): boolean {
    if (own !== undefined) return session !== own;
    if (session === this.lastSession) return false;
    // The session of an owner in another process is in SQLite's view before it is in the file.
    if (seen() !== session) return true;
    this.lastSession = session;
    return false;
  }

  /** Said once of the same state: a check has the last word. */
  private isDoubtful(pageCount: number): boolean {
    const [wasLarger, hadHoles] = [pageCount < this.pageCount, this.hasHoles];
    this.pageCount = pageCount;
    this.hasHoles = hasHoles(this.name);
    return wasLarger || (this.hasHoles && !hadHoles);
  }

  /**
   * Whether the pages that the file lacks are in the `-wal`. Bringing them over begins with the first page, which says how
   * many there are; on a full disk it ends there, and is done again when there is room.
   */
  private isRestInWal(condition: FileCondition): boolean {
    const { pageSize = 1, pageCount = 0 } = condition.header ?? {};
    const waiting = pagesIn(`${this.name}-wal`);
    for (let page = Math.floor(condition.bytes / pageSize) + 1; page <= pageCount; page += 1) {
      if (!waiting.has(page) && page !== LOCK_BYTE / pageSize + 1) return false;
    }
    return true;
  }

  private async standsStill({ bytes }: FileCondition): Promise<boolean> {
    const { mtimeMs } = statSync(this.name);
    await delay(STANDS_STILL_MS);
    const after = this.file.read();
    return (
      after.bytes === bytes && isCutOff(after) && statSync(this.name, { throwIfNoEntry: false })?.mtimeMs === mtimeMs
    );
  }
}

function fault(error: StoreNotReadyError): FilesFinding {
  return { kind: 'fault', fault: error };
}

function expectedBytes({ header }: FileCondition): number {
  return (header?.pageCount ?? 0) * (header?.pageSize ?? 0);
}

function isCutOff(condition: FileCondition): boolean {
  return condition.bytes < expectedBytes(condition);
}

function cutOff(condition: FileCondition): string {
  return `its file was cut off (${condition.bytes} bytes of ${expectedBytes(condition)} are left)`;
}

function hasHoles(name: string): boolean {
  const stats = statSync(name, { throwIfNoEntry: false });
  return stats !== undefined && stats.blocks * BLOCK_BYTES < stats.size;
}
