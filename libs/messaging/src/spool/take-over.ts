import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flushFile, flushFolder, identityOf, isSameFile, makeFolder, replaceFile } from '@app/files';
import { segmentName } from './segment';
import {
  BALLAST_FILES,
  CURSOR_FILE,
  nextNumber,
  readCursor,
  readLosses,
  segmentFiles,
  type Cursor,
} from './spool-files';

/**
 * Puts the segments of one spool behind those of each of the others without copying what is in them: they get a name in
 * each, and lose the one that they had. The lock of the folders is held, and no spool in them is open. Ended at any
 * point, it is done to its end the next time; some events may be handed on twice then, and none is lost.
 *
 * @throws the error of the file system; the segments are where they were then
 */
export function takeOverSegments(from: string, into: readonly string[]): void {
  if (!existsSync(from)) return;
  const files = segmentFiles(from);
  const cursor = readCursor(from);
  // What is counted as lost was about to be removed when its process was killed.
  const { givenUp } = readLosses(from);
  const waiting = files.filter(({ number }) => number >= cursor.segment && !givenUp.includes(number));
  if (waiting.length > 0) {
    for (const folder of into) {
      makeFolder(folder);
      const isFresh = segmentFiles(folder).length === 0 && !existsSync(join(folder, CURSOR_FILE));
      const [first] = waiting.map(({ name }) => giveName(join(from, name), folder));
      // Where to begin in the first of them can be said where no others are before it.
      if (isFresh && first !== undefined && waiting[0]?.number === cursor.segment) {
        beginAt(folder, { segment: first, offset: cursor.offset });
      }
      flushFolder(folder);
    }
  }
  for (const { name } of files) rmSync(join(from, name));
  for (const name of [CURSOR_FILE, ...Object.values(BALLAST_FILES)]) rmSync(join(from, name), { force: true });
  flushFolder(from);
}

/** A full disk has no room for it: then what was handed on is handed on again, which the other side tolerates. */
function beginAt(folder: string, cursor: Cursor): void {
  try {
    replaceFile(join(folder, CURSOR_FILE), JSON.stringify(cursor));
  } catch {
    rmSync(join(folder, `${CURSOR_FILE}.next`), { force: true });
  }
}

/** Returns the number that the file has in the folder; it has one already where this was done before. */
function giveName(path: string, folder: string): number {
  const identity = identityOf(path);
  const known = segmentFiles(folder).find(({ name }) => isSameFile(identity, identityOf(join(folder, name))));
  if (known) return known.number;
  const number = nextNumber(folder, readCursor(folder), readLosses(folder).givenUp);
  const target = join(folder, segmentName(number, true));
  try {
    linkSync(path, target);
  } catch {
    // Some file systems know no second names.
    copyFlushed(path, target);
  }
  return number;
}

function copyFlushed(path: string, target: string): void {
  const next = `${target}.next`;
  try {
    copyFileSync(path, next);
    flushFile(next);
    renameSync(next, target);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
