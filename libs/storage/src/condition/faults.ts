import { healthReason, StoreNotReadyError } from '@app/domain';
import { FolderNotMadeError, hostFaultOf, isOutOfHandles, isReadOnlyDisk, type HostFault } from '@app/files';
import { RowNotNewError } from '@app/history';
import { AmbiguousDatabaseError } from '../database/database-name';

const MENDED = '`cli rebuild` makes it anew from the raw files';

export function damaged(how: string): StoreNotReadyError {
  return new StoreNotReadyError(healthReason`the database is damaged: ${how}; ${MENDED}`, 'damaged');
}

export function foreign(): StoreNotReadyError {
  return new StoreNotReadyError(
    healthReason`the database file belongs to another program; point STORAGE_PATH to another place, or ` +
      '`cli rebuild` puts a new database there and keeps that file beside it',
    'foreign',
  );
}

/** `migration` is the one that this version does not know. */
export function newerSchema(migration: string): StoreNotReadyError {
  return new StoreNotReadyError(
    healthReason`the database has a newer schema (${migration}): a later version of this program has written it; run that ` +
      'version, or put back the copy of the database that was made before the upgrade',
    'newer_schema',
  );
}

/** `what` is the database file, or one of those that SQLite keeps beside it. */
export function removed(what: string): StoreNotReadyError {
  return new StoreNotReadyError(
    healthReason`the database cannot be used: ${what}; put it back, or ${MENDED}`,
    'removed',
  );
}

export function replaced(): StoreNotReadyError {
  return new StoreNotReadyError(
    healthReason`the database file was replaced while it was in use; ${MENDED}; a restart takes the file that is there now`,
    'replaced',
  );
}

export function overwritten(): StoreNotReadyError {
  return new StoreNotReadyError(
    healthReason`the database file was overwritten while it was in use; ${MENDED}`,
    'overwritten',
  );
}

export function unavailable(why: string): StoreNotReadyError {
  return new StoreNotReadyError(why, 'unavailable');
}

export const NOT_OPENED_YET = unavailable(healthReason`the database has not been opened yet`);

/**
 * Between the mending of a database and its next opening. What was wrong with it is the watch's to say, for as long as it
 * holds: kept by who uses the database, it would be told and taken for found anew then.
 */
export const ABOUT_TO_BE_OPENED = unavailable(healthReason`the database is about to be opened again`);

/** Names the settings and no path: it is shown to whoever asks. */
function refusedByHost(fault: HostFault, error: unknown): StoreNotReadyError {
  const setting = error instanceof FolderNotMadeError ? error.setting : 'STORAGE_PATH and RAW_DIR';
  switch (fault) {
    case 'full':
      return unavailable(healthReason`the disk of ${setting} is full; make room, and this process goes on by itself`);
    case 'read_only':
      return unavailable(
        healthReason`the disk of ${setting} is read-only; mount it for writing again, and this process goes on by itself`,
      );
    case 'failing':
      return unavailable(
        healthReason`the disk of ${setting} fails (${codeOf(error)}); once it works again, this process goes on by itself`,
      );
    case 'no_handles':
      return unavailable(
        healthReason`no file handle is left for the store; raise the limit of the process, and it goes on by itself`,
      );
  }
}

/** What is wrong, without what to do about it. */
export function whatIsWrong(error: unknown): string {
  if (!(error instanceof StoreNotReadyError)) return (error as Error).message;
  return error.reason.replace(/;.*$/s, '').replace(/^the database is damaged: /, '');
}

interface CodedError {
  readonly code?: unknown;
  /** A file or folder that could not be made has it. */
  readonly cause?: unknown;
  /** TypeORM wraps the error of its driver. */
  readonly driverError?: { readonly code?: unknown };
}

/** Of SQLite, which needs a little room to open a database. */
const FULL: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']);

/** Whether the disk is what refuses, wherever on the way that was met. */
export function isDiskFull(error: unknown): boolean {
  if (FULL.has(codeOf(error))) return true;
  const { cause } = (error ?? {}) as CodedError;
  return hostFaultOf(error) === 'full' || (cause !== undefined && isDiskFull(cause));
}

/**
 * What the machine refuses the store, wherever on the way that was met; undefined when it is something else. SQLite does
 * not say why it cannot open, read or write a file: the system is asked, for `folders`.
 */
function hostFaultMet(error: unknown, folders: readonly string[]): HostFault | undefined {
  if (isDiskFull(error)) return 'full';
  const known = hostFaultOf(error);
  if (known !== undefined) return known;
  const code = codeOf(error);
  if (!/^SQLITE_(IOERR|CANTOPEN|READONLY)/.test(code)) return undefined;
  if (isOutOfHandles()) return 'no_handles';
  if (folders.some(isReadOnlyDisk)) return 'read_only';
  return code.startsWith('SQLITE_IOERR') ? 'failing' : undefined;
}

/** The machine refuses the store what it needs. The message is fit for whoever asks: it names settings, and no path. */
export class StoreHostError extends Error {
  /** That of what the machine said. */
  readonly code: string;

  private constructor(reason: string, cause: unknown) {
    super(reason, { cause });
    this.name = 'StoreHostError';
    this.code = codeOf(cause);
  }

  /** In the place of an error that tells of the machine; undefined for any other. `said` is what is told of it. */
  static of(error: unknown, said: StoreNotReadyError): StoreHostError | undefined {
    const isOfHost = !isDamage(error) && hostFaultMet(error, []) !== undefined;
    return isOfHost ? new StoreHostError(said.reason, error) : undefined;
  }
}

function codeOf(error: unknown): string {
  const { code, driverError } = (error ?? {}) as CodedError;
  const found = driverError?.code ?? code;
  return typeof found === 'string' ? found : '';
}

/**
 * Whether SQLite has met what it cannot make sense of. Tables that contradict each other are none of that: reading the whole
 * file finds nothing wrong with them.
 */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_IOERR_SHORT_READ';
}

/**
 * What an error met at opening or using the database says of it; undefined when it says nothing of the database. `folders`
 * are those that the store lies in.
 */
export function faultOf(error: unknown, folders: readonly string[] = []): StoreNotReadyError | undefined {
  if (error instanceof StoreNotReadyError) return error;
  if (error instanceof AmbiguousDatabaseError) return new StoreNotReadyError(error.reason, 'ambiguous');
  const code = codeOf(error);
  if (isDamage(error)) return damaged(`SQLite says: ${(error as Error).message}`);
  if (error instanceof RowNotNewError) return damaged(`${error.table} holds a row that the other tables do not know`);
  const host = hostFaultMet(error, folders);
  if (host !== undefined) return refusedByHost(host, error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return unavailable(healthReason`the database is locked`);
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_READONLY_DIRECTORY' || code === 'EACCES') {
    return unavailable(
      healthReason`the database cannot be opened: reading it needs write permission on its folder (for the shared-memory file)`,
    );
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return unavailable(healthReason`the database cannot be written: its file or its folder is read-only for this user`);
  }
  return undefined;
}
