import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { flushFolder, makeFolder } from '@app/files';
import { linkOf, placesOf, PUBLISHED } from './build-places';
import { DESCRIPTOR } from './built-package';
import { FolderTakenError } from './folder-taken.error';

const STAGED = /^(?:next|link)-(?<pid>\d+)$/;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/**
 * A build of a folder that others read meanwhile. The folder is a symbolic link to the newest of the numbered builds in
 * `.NAME.builds` beside it, and is turned to another one in a single step: at any moment it is there and one build as a whole,
 * whenever the process or the machine stops. The build before stays until the next is published: whoever follows the
 * link once (`realpath`, or a working directory) and reads from there has all files of one build.
 */
export class StagedFolder {
  private constructor(
    private readonly target: string,
    private readonly builds: string,
    /** Where the files are put. */
    readonly path: string,
  ) {}

  /**
   * Removes what builds that were killed left, and begins a new one.
   *
   * @throws FolderTakenError
   */
  static async beside(folder: string): Promise<StagedFolder> {
    const { target, builds, link } = await placesOf(folder);
    if (link === undefined && (await hasForeignFiles(target))) throw new FolderTakenError(folder);
    makeFolder(builds);
    for (const name of await readdir(builds)) {
      const pid = Number(STAGED.exec(name)?.groups?.['pid']);
      if (pid === process.pid || (pid > 0 && !isAlive(pid))) await remove(join(builds, name));
    }
    const path = join(builds, `next-${process.pid}`);
    await mkdir(path);
    return new StagedFolder(target, builds, path);
  }

  /** Turns the folder to this build, whose files are flushed, and removes all but the one before. */
  async publish(): Promise<void> {
    flushFolder(this.path);
    const before = await this.before();
    const next = join(this.builds, await this.nextNumber());
    await rename(this.path, next);
    flushFolder(this.builds);
    const link = join(this.builds, `link-${process.pid}`);
    await symlink(join(basename(this.builds), basename(next)), link);
    await rename(link, this.target);
    flushFolder(dirname(this.target));
    for (const number of await this.numbers()) {
      const build = join(this.builds, number);
      if (build !== next && build !== before) await remove(build);
    }
  }

  async discard(): Promise<void> {
    await remove(this.path);
  }

  /**
   * The build that the folder is until now; undefined for none. One that is no link, which only another program can have
   * put there, is moved among the others: the one case in which there is a moment without the folder.
   */
  private async before(): Promise<string | undefined> {
    if (!existsSync(this.target)) return undefined;
    const link = await linkOf(this.target);
    if (link !== undefined) return link;
    if (!existsSync(join(this.target, DESCRIPTOR))) {
      await rmdir(this.target);
      return undefined;
    }
    const moved = join(this.builds, await this.nextNumber());
    await rename(this.target, moved);
    return moved;
  }

  private async numbers(): Promise<string[]> {
    return (await readdir(this.builds)).filter((name) => PUBLISHED.test(name));
  }

  private async nextNumber(): Promise<string> {
    return String(1 + Math.max(0, ...(await this.numbers()).map(Number)));
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
