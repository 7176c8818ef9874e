import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Of the process, and of the whole system. */
const NONE_LEFT: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** Whether the system gives this process no further file handle. */
export function isOutOfHandles(): boolean {
  try {
    closeSync(openSync(devNull, 'r'));
    return false;
  } catch (error) {
    return NONE_LEFT.has((error as NodeJS.ErrnoException).code);
  }
}
