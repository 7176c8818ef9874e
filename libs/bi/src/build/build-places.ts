import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Names of whole builds are numbers, the newest the highest. */
export const PUBLISHED = /^[1-9]\d{0,14}$/;

/** Where the builds of a folder lie. */
export interface BuildPlaces {
  /** What is turned to the newest build: a symbolic link, once there is one. */
  readonly target: string;
  /** The folder of the numbered builds, beside it. */
  readonly builds: string;
  /** What the target points at; undefined where it is no link. */
  readonly link: string | undefined;
}

/**
 * The places of the folder that a setting or an option names. A link to a folder elsewhere is followed: builds lie beside
 * what it names.
 */
export async function placesOf(folder: string): Promise<BuildPlaces> {
  const target = resolve(folder);
  const link = await linkOf(target);
  if (link === undefined || dirname(link) === buildsOf(target)) return { target, builds: buildsOf(target), link };
  const followed = await realpath(target);
  return { target: followed, builds: buildsOf(followed), link: await linkOf(followed) };
}

function buildsOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.builds`);
}

/** Where a link points; undefined where there is none. */
export async function linkOf(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EINVAL') return undefined;
    throw error;
  }
}
