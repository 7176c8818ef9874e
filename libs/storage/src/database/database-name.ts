import { healthReason } from '@app/domain';
import { statSync } from 'node:fs';
import { isMountPoint, resolveFile } from '@app/files';

/** A database that another name may lead to without anybody seeing that the two are one. */
export class AmbiguousDatabaseError extends Error {
  readonly code = 'STORE.AMBIGUOUS_NAME';

  constructor(
    path: string,
    /** What is said where the path must not be. */
    readonly reason: string,
  ) {
    super(`STORAGE_PATH=${JSON.stringify(path)}: ${reason}`);
    this.name = 'AmbiguousDatabaseError';
  }
}

/**
 * The one path of the database that all processes agree on: that of the file itself, whatever symbolic links lead to it.
 * SQLite keeps `-wal` and `-shm` beside it by that name. With a second hard link, or where the file alone is mounted, the
 * same database would have them twice, and two writers would not see each other.
 *
 * @throws AmbiguousDatabaseError, and the error of the file system where the folder is not there
 */
export function databaseName(path: string): string {
  const name = resolveFile(path);
  const links = statSync(name, { throwIfNoEntry: false });
  if (links?.isFile() === true && links.nlink > 1) {
    throw new AmbiguousDatabaseError(
      path,
      healthReason`the database file has ${links.nlink} names (hard links), and SQLite keeps a -wal for each name: ` +
        'keep one of them; a symbolic link may lead to it',
    );
  }
  if (isMountPoint(name)) {
    throw new AmbiguousDatabaseError(
      path,
      healthReason`the database file is mounted on its own, and SQLite keeps a -wal beside it: mount the folder that it lies in`,
    );
  }
  return name;
}
