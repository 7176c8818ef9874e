import { dirname, join } from 'node:path';
import { EVENT_KINDS, type EventKind } from '@app/domain';
import { makeFolderOf } from '@app/files';
import { FolderLock } from './folder-lock';
import { Spool, type SpoolOptions } from './spool';
import { takeOverSegments } from './take-over';

type FolderOptions = Pick<SpoolOptions, 'folder' | 'maxBytes' | 'warn'>;

/** The spools of all kinds in one folder, which is locked while any of them is open. */
export interface KindSpools {
  readonly byKind: Readonly<Record<EventKind, Spool>>;
  /** Once all of them are closed: the folder is free for another process. */
  release(): void;
}

/**
 * One spool for all kinds of events, for a target that takes all of them or none. What the spools of single kinds in the
 * folder hold, from a time with a broker, goes into it.
 * @throws FolderNotMadeError, FolderLockedError
 */
export function openSpool(options: FolderOptions): Spool {
  return opened(options, (lock) => {
    const ofKinds = EVENT_KINDS.map((kind) => join(options.folder, kind));
    for (const folder of ofKinds) takeOverSegments(folder, [options.folder]);
    return Spool.open({ ...options, earlierLosses: ofKinds, lock, ownsLock: true });
  });
}

/**
 * A spool for each kind of events, for a broker that may refuse the topic of one and take the others; the bound holds for
 * each. What one spool for all of them in the folder holds, as earlier versions had it, goes into them.
 * @throws FolderNotMadeError, FolderLockedError
 */
export function openKindSpools(options: FolderOptions): KindSpools {
  const { folder } = options;
  return opened(options, (lock) => {
    const folders = EVENT_KINDS.map((kind) => join(folder, kind));
    takeOverSegments(folder, folders);
    const spools: Spool[] = [];
    try {
      for (const kind of EVENT_KINDS) {
        spools.push(Spool.open({ ...options, folder: join(folder, kind), kind, lock, earlierLosses: [folder] }));
      }
    } catch (error) {
      for (const spool of spools) spool.close();
      throw error;
    }
    return {
      byKind: Object.fromEntries(EVENT_KINDS.map((kind, index) => [kind, spools[index]])) as Record<EventKind, Spool>,
      release: () => {
        lock.release();
      },
    };
  });
}

function opened<T>({ folder, warn }: FolderOptions, open: (lock: FolderLock) => T): T {
  makeFolderOf('INGEST_STATE_DIR', dirname(folder), folder);
  const lock = FolderLock.acquire(folder, warn);
  try {
    return open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
