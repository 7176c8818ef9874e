import { join } from 'node:path';
import { Spool, type SpoolOptions } from './spool';
import { SpoolFolder } from './spool-folder';
import { takeOverSegments } from './take-over';

type FolderOptions = Pick<SpoolOptions, 'folder' | 'maxBytes' | 'kinds' | 'warn'>;

/** The spools of all kinds in one folder, which is locked while any of them is open. */
export interface KindSpools<Kind extends string = string> {
  /** By the names of the kinds, in their order. */
  readonly byKind: Readonly<Record<Kind, Spool>>;
  /** Once all of them are closed: the folder is free for another process. */
  release(): void;
}

/**
 * One spool for all kinds of events, for a target that takes all of them or none. What the spools of single kinds in the
 * folder hold, from a time with a broker, goes into it.
 * @throws FolderNotMadeError, FolderLockedError
 */
export function openSpool(options: FolderOptions): Spool {
  const { folder, kinds, warn } = options;
  const ofKinds = kinds.map((kind) => join(folder, kind));
  const place = new SpoolFolder(folder, warn, () => {
    for (const other of ofKinds) takeOverSegments(other, [folder]);
  });
  return Spool.open({ ...options, earlierLosses: ofKinds, place, ownsPlace: true });
}

/**
 * A spool for each kind of events, for a broker that may refuse the topic of one and take the others; the bound holds for
 * each. What one spool for all of them in the folder holds, as earlier versions had it, goes into them.
 * @throws FolderNotMadeError, FolderLockedError
 */
export function openKindSpools<Kind extends string>(
  options: FolderOptions & { readonly kinds: readonly Kind[] },
): KindSpools<Kind> {
  const { folder, kinds, warn } = options;
  const folders = kinds.map((kind) => join(folder, kind));
  const place = new SpoolFolder(folder, warn, () => {
    takeOverSegments(folder, folders);
  });
  const spools: [Kind, Spool][] = [];
  try {
    for (const kind of kinds) {
      spools.push([kind, Spool.open({ ...options, folder: join(folder, kind), kind, place, earlierLosses: [folder] })]);
    }
  } catch (error) {
    for (const [, spool] of spools) spool.close();
    place.release();
    throw error;
  }
  return {
    byKind: Object.fromEntries(spools) as Record<Kind, Spool>,
    release: () => {
      place.release();
    },
  };
}
