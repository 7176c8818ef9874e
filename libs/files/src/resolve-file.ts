import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** More links than this in a row go round in a circle. */
const MOST_LINKS = 40;

/**
 * The path of a file without symbolic links in it, whether the file is there or not: where a link leads to nothing, the
 * file that would be made through it. Its folder has to be there.
 *
 * @throws the error of the file system: no folder (ENOENT), a file in its place (ENOTDIR), links in a circle (ELOOP)
 */
export function resolveFile(path: string): string {
  let next = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    next = join(realpathSync(dirname(next)), basename(next));
    if (lstatSync(next, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return next;
    next = resolve(dirname(next), readlinkSync(next));
  }
  // The system's own words for a circle.
  return realpathSync(next);
}
