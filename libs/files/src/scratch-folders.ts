import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from './folder';

/** Files that a killed process left beside the store are removed after a day; the system sees to its own folder. */
const ABANDONED_AFTER_MS = 86_400_000;
const BESIDE_PREFIX = '.csp-scratch-';

/** Neither the system's temporary folder nor the one beside the store can be used. */
export class NoScratchFolderError extends Error {
  readonly code = 'FILES.NO_SCRATCH_FOLDER';

  constructor(reasons: readonly string[], cause: unknown) {
    super(`there is no folder for temporary files: ${reasons.join(', ')}`, { cause });
    this.name = 'NoScratchFolderError';
  }
}

interface Candidate {
  readonly folder: string;
  readonly freeBytes: number;
}

/**
 * Makes folders for files that live as long as one piece of work: in the system's temporary folder (`TMPDIR`), or beside
 * the store where that one is absent, read-only or too full.
 */
export class ScratchFolders {
  private warned = false;
  private cleaned = false;

  constructor(
    /** Folder beside the store; made where it is not there. */
    private readonly beside: string,
    /** Told once when the system's folder is not used, and why. */
    private readonly warn: (message: string) => void,
    /** The system's temporary folder, as seen from the working directory. */
    private readonly system: string = tmpdir(),
  ) {}

  /**
   * A new, empty folder; whoever asks for it removes it. Where neither place has `wantedBytes` free, it is made in the one
   * that has more. @throws NoScratchFolderError
   */
  make(prefix: string, wantedBytes: number): string {
    const system = resolve(this.system);
    const first = attempt(() => candidate(join(system, prefix)));
    if ('folder' in first && first.freeBytes >= wantedBytes) return first.folder;
    const second = attempt(() => this.makeBeside());
    if ('folder' in second && (!('folder' in first) || second.freeBytes > first.freeBytes)) {
      if ('folder' in first) discard(first.folder);
      const why = 'folder' in first ? `${megabytes(first.freeBytes)} are free` : first.error.message;
      this.warnOnce(`TMPDIR: ${system} cannot be used (${why}); temporary files are kept in ${this.beside} instead`);
      return second.folder;
    }
    if ('folder' in second) discard(second.folder);
    if ('folder' in first) return first.folder;
    const reasons = [first, second].map((failed) => ('error' in failed ? failed.error.message : ''));
    throw new NoScratchFolderError(reasons, first.error);
  }

  /**
   * Removes what killed processes left in the system's temporary folder under a prefix, where it is older than any that is
   * in use; nothing where there is no such folder.
   */
  removeAbandoned(prefix: string, afterMs: number): void {
    const system = resolve(this.system);
    const own = attempt(() => candidate(join(system, prefix)));
    if ('error' in own) return;
    removeOlder(system, prefix, own.folder, afterMs);
    discard(own.folder);
  }

  private makeBeside(): Candidate {
    makeFolder(this.beside);
    const made = candidate(join(this.beside, BESIDE_PREFIX));
    if (!this.cleaned) removeOlder(this.beside, BESIDE_PREFIX, made.folder, ABANDONED_AFTER_MS);
    this.cleaned = true;
    return made;
  }

  private warnOnce(message: string): void {
    if (!this.warned) this.warn(message);
    this.warned = true;
  }
}

/** By the file system's own times, of which the folder that was just made has the newest: another host's clock may be another. */
function removeOlder(place: string, prefix: string, own: string, afterMs: number): void {
  const now = statSync(own).mtimeMs;
  for (const name of readdirSync(place)) {
    const folder = join(place, name);
    if (!name.startsWith(prefix)) continue;
    const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - changedAt > afterMs) discard(folder);
  }
}

function candidate(prefix: string): Candidate {
  const folder = mkdtempSync(prefix);
  const { bavail, bsize } = statfsSync(folder);
  return { folder, freeBytes: bavail * bsize };
}

function attempt(make: () => Candidate): Candidate | { readonly error: Error } {
  try {
    return make();
  } catch (error) {
    return { error: error as Error };
  }
}

function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}
