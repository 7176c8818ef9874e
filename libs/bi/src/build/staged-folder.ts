import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

const STAGED = /^\.(?<name>.+)\.(?:next|previous)-(?<pid>\d+)$/;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A folder that takes another's place as a whole: it is filled beside it and renamed when everything in it is on disk.
 * Whoever looks finds all of the old files or all of the new ones.
 */
export class StagedFolder {
  private constructor(
    private readonly target: string,
    /** Where the files are put. */
    readonly path: string,
  ) {}

  /** Removes what builds that were killed left beside the target, and begins a new one. */
  static async beside(target: string): Promise<StagedFolder> {
    const folder = resolve(target);
    const parent = dirname(folder);
    await mkdir(parent, { recursive: true });
    for (const name of await readdir(parent)) {
      const staged = STAGED.exec(name)?.groups;
      if (staged?.['name'] === basename(folder) && !isAlive(Number(staged['pid']))) {
        await rm(join(parent, name), { recursive: true, force: true });
      }
    }
    const path = join(parent, `.${basename(folder)}.next-${process.pid}`);
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
    return new StagedFolder(folder, path);
  }

  /** Puts the folder, whose files are flushed, in the target's place. */
  async publish(): Promise<void> {
    await flushFolder(this.path);
    const previous = join(dirname(this.target), `.${basename(this.target)}.previous-${process.pid}`);
    const replaces = await moved(this.target, previous);
    try {
      await rename(this.path, this.target);
    } catch (error) {
      if (replaces) await rename(previous, this.target);
      throw error;
    }
    await flushFolder(dirname(this.target));
    await rm(previous, { recursive: true, force: true });
  }

  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** False where there is nothing to move. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
