import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A setting or an option names a place where there can be no folder. */
export class FolderNotMadeError extends Error {
  readonly code = 'FILES.FOLDER_NOT_MADE';

  constructor(
    readonly setting: string,
    value: string,
    cause: Error,
  ) {
    super(`${setting}=${JSON.stringify(value)}: the folder cannot be made (${cause.message})`, { cause });
    this.name = 'FolderNotMadeError';
  }
}

/**
 * Makes a folder and those above it that are not there; another process may make them at the same time. Node's own
 * recursive `mkdir` goes round without end where a folder that is there says that a name in it cannot be, as /proc does.
 *
 * @throws the error of the file system, which names the folder that could not be made
 */
export function makeFolder(path: string): void {
  const absent: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) absent.unshift(folder);
  for (const folder of absent) {
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  // A file in its place, or a link to nowhere, is told by making it once more.
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(path);
}

/** The same for the folder that a setting names, or that its file is to lie in. @throws FolderNotMadeError */
export function makeFolderOf(setting: string, value: string, folder = value): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new FolderNotMadeError(setting, value, error as Error);
  }
}
