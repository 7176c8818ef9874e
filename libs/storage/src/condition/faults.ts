import { StoreNotReadyError } from '@app/domain';
import { FolderNotMadeError } from '@app/files';
import { AmbiguousDatabaseError } from '../database/database-name';

const MENDED = '`cli rebuild` makes it anew from the raw files';

export function damaged(how: string): StoreNotReadyError {
  return new StoreNotReadyError(`the database is damaged: ${how}; ${MENDED}`, 'damaged');
}

export function foreign(): StoreNotReadyError {
  return new StoreNotReadyError(
    'the database file belongs to another program; point STORAGE_PATH to another place, or `cli rebuild` puts a new ' +
      'database there and keeps that file beside it',
    'foreign',
  );
}

/** `what` is the database file, or one of those that SQLite keeps beside it. */
export function removed(what: string): StoreNotReadyError {
  return new StoreNotReadyError(`the database cannot be used: ${what}; put it back, or ${MENDED}`, 'removed');
}

export function replaced(): StoreNotReadyError {
  return new StoreNotReadyError(
    `the database file was replaced while it was in use; ${MENDED}; a restart takes the file that is there now`,
    'replaced',
  );
}

export function overwritten(): StoreNotReadyError {
  return new StoreNotReadyError(`the database file was overwritten while it was in use; ${MENDED}`, 'overwritten');
}

export function unavailable(why: string): StoreNotReadyError {
  return new StoreNotReadyError(why, 'unavailable');
}

/**
 * Between the mending of a database and its next opening. What was wrong with it is the watch's to say, for as long as it
 * holds: kept by who uses the database, it would be told and taken for found anew then.
 */
export const ABOUT_TO_BE_OPENED = unavailable('the database is about to be opened again');

/** Names the settings and no path: it is shown to whoever asks. */
function diskFull(error: unknown): StoreNotReadyError {
  const setting = error instanceof FolderNotMadeError ? error.setting : 'STORAGE_PATH and RAW_DIR';
  return unavailable(`the disk of ${setting} is full; make room, and this process goes on by itself`);
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

/** Of SQLite, which needs a little room to open a database, and of the system. */
const FULL: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT']);

/** Whether the disk is what refuses, wherever on the way that was met. */
export function isDiskFull(error: unknown): boolean {
  if (FULL.has(codeOf(error))) return true;
  const { cause } = (error ?? {}) as CodedError;
  return cause !== undefined && isDiskFull(cause);
}

function codeOf(error: unknown): string {
  const { code, driverError } = (error ?? {}) as CodedError;
  const found = driverError?.code ?? code;
  return typeof found === 'string' ? found : '';
}

/** Whether SQLite has met what it cannot make sense of. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_IOERR_SHORT_READ';
}

/** What an error met at opening or using the database says of it; undefined when it says nothing of the database. */
export function faultOf(error: unknown): StoreNotReadyError | undefined {
  if (error instanceof StoreNotReadyError) return error;
  if (error instanceof AmbiguousDatabaseError) return new StoreNotReadyError(error.reason, 'ambiguous');
  const code = codeOf(error);
  if (isDamage(error)) return damaged(`SQLite says: ${(error as Error).message}`);
  if (isDiskFull(error)) return diskFull(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return unavailable('the database is locked');
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_READONLY_DIRECTORY' || code === 'EACCES') {
    return unavailable(
      'the database cannot be opened: reading it needs write permission on its folder (for the shared-memory file)',
    );
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return unavailable('the database cannot be written: its file or its folder is read-only for this user');
  }
  if (code.startsWith('SQLITE_IOERR')) return unavailable(`the disk that the database lies on fails (${code})`);
  return undefined;
}
