import { readFileSync } from 'node:fs';

const MOUNTS = '/proc/self/mountinfo';
/** Field of a line that is the place, with blanks and the like as octal escapes. */
const PLACE = 4;

/**
 * Whether a file or folder, by its path without symbolic links, is mounted there on its own, as containers do with single
 * files. Systems without Linux's list of mounts say no. `mounts` stands for that list.
 */
export function isMountPoint(path: string, mounts = readMounts()): boolean {
  return mounts.split('\n').some((line) => unescaped(line.split(' ')[PLACE] ?? '') === path);
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}

function readMounts(): string {
  try {
    return readFileSync(MOUNTS, 'utf8');
  } catch {
    return '';
  }
}
