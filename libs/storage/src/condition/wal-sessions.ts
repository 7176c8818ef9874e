import { HEADER_BYTES, parseHeader, type SessionMarks } from './database-header';
import { framesOf } from './wal-frames';

/** The first pages in a `-wal`, as its frames have them; none where there is no file, or no such page in it. */
export function* sessionsOf(walPath: string): Generator<SessionMarks> {
  for (const { page, head } of framesOf(walPath, HEADER_BYTES)) {
    const first = page === 1 ? parseHeader(head) : undefined;
    if (first) yield first.marks;
  }
}

/**
 * Whether what a `-wal` holds was written for this database file. SQLite does not ask: beside a file that was replaced, an
 * old `-wal` is written over it. What has no first page in it says nothing, and passes.
 */
export function walBelongsTo(walPath: string, { session }: SessionMarks): boolean {
  let isUnknown = true;
  for (const marks of sessionsOf(walPath)) {
    if (marks.session === session || marks.settled === session) return true;
    isUnknown = false;
  }
  return isUnknown;
}
