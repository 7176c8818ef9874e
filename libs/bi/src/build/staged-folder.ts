import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SECOND, type EpochMicros } from '@app/domain';
import { FileLock, flushFolder, makeFolder } from '@app/files';
import { linkOf, placesOf, PUBLISHED } from './build-places';
import { BuildRunningError } from './build-running.error';
import { DESCRIPTOR } from './built-package';
import { FolderTakenError } from './folder-taken.error';

/** Held while a build is made; it dies with its process. */
const LOCK = 'lock';
/** What a killed process may leave: a build that is not whole, one that is being removed, a link without its name. */
const LEFT = /^(?:next|removed|link)-\d+$/;

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Of a build that is whole. */
export interface Publication {
  /** When it was begun. */
  readonly madeAt: EpochMicros;
  /** How many builds are kept, this one included. */
  readonly kept: number;
}

/**
 * A build of a folder that others read meanwhile. The folder is a symbolic link to the newest of the numbered builds in
 * `.NAME.builds` beside it, and is turned to another one in a single step: at any moment it is there and one build as a whole,
 * whenever the process or the machine stops. Some builds before stay: whoever follows the link once (`realpath`, or a
 * working directory) and reads from there has all files of one build. One process at a time makes a build.
 */
export class StagedFolder {
  private constructor(
    private readonly target: string,
    private readonly builds: string,
    /** Where the files are put. */
    readonly path: string,
    private readonly lock: FileLock,
  ) {}

  /**
   * Removes what builds that were killed left, and begins a new one.
   *
   * @throws FolderTakenError, BuildRunningError
   */
  static async beside(folder: string): Promise<StagedFolder> {
    const { target, builds, link } = await placesOf(folder);
    if (link === undefined && (await hasForeignFiles(target))) throw new FolderTakenError(folder);
    makeFolder(builds);
    const lock = FileLock.acquire(join(builds, LOCK));
    if (!lock) throw new BuildRunningError(folder);
    try {
      for (const name of await readdir(builds)) if (LEFT.test(name)) await remove(join(builds, name));
      const path = join(builds, `next-${process.pid}`);
      await mkdir(path);
      return new StagedFolder(target, builds, path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Turns the folder to this build, whose files are flushed, removes the oldest, and ends. */
  async publish({ madeAt, kept }: Publication): Promise<void> {
    // The time of a build is that of its descriptor: what is in the files follows from the data alone.
    await utimes(join(this.path, DESCRIPTOR), madeAt / SECOND, madeAt / SECOND);
    flushFolder(this.path);
    await this.takeIn();
    const next = join(this.builds, await this.nextNumber());
    await rename(this.path, next);
    flushFolder(this.builds);
    const link = join(this.builds, `link-${process.pid}`);
    await symlink(join(basename(this.builds), basename(next)), link);
    await rename(link, this.target);
    flushFolder(dirname(this.target));
    await this.removeOldest(kept);
    this.lock.release();
  }

  /** Removes what was made, and ends. */
  async discard(): Promise<void> {
    await remove(this.path);
    this.lock.release();
  }

  /**
   * A folder that is no link, which only another program can have put there, is moved among the builds: the one case in
   * which there is a moment without the folder.
   */
  private async takeIn(): Promise<void> {
    if (!existsSync(this.target) || (await linkOf(this.target)) !== undefined) return;
    if (existsSync(join(this.target, DESCRIPTOR))) {
      await rename(this.target, join(this.builds, await this.nextNumber()));
    } else {
      await rmdir(this.target);
    }
  }

  /** A build loses its name first: one that is half removed is none. */
  private async removeOldest(kept: number): Promise<void> {
    const numbers = (await this.numbers()).sort((a, b) => b - a);
    for (const number of numbers.slice(kept)) {
      const removed = join(this.builds, `removed-${number}`);
      await rename(join(this.builds, String(number)), removed);
      await remove(removed);
    }
  }

  private async numbers(): Promise<number[]> {
    return (await readdir(this.builds)).filter((name) => PUBLISHED.test(name)).map(Number);
  }

  private async nextNumber(): Promise<string> {
    return String(1 + Math.max(0, ...(await this.numbers())));
  }
}

/** Whether no build was ever published there: neither the folder has anything in it, nor are there builds beside it. */
export async function isUnbuilt(folder: string): Promise<boolean> {
  if ((await linkOf(resolve(folder))) !== undefined) return false;
  const { target, builds } = await placesOf(folder);
  return (await namesIn(target)).length === 0 && !(await namesIn(builds)).some((name) => PUBLISHED.test(name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function hasForeignFiles(folder: string): Promise<boolean> {
  if (!existsSync(folder) || existsSync(join(folder, DESCRIPTOR))) return false;
  return !(await stat(folder)).isDirectory() || (await readdir(folder)).length > 0;
}
