import { createHash } from 'node:crypto';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MILLISECOND, type EpochMicros } from '@app/domain';
import { placesOf, PUBLISHED, type BuildPlaces } from './build-places';
import { DESCRIPTOR, type BuiltPackage } from './built-package';

/** Digits of the descriptor's hash in the name of a build. */
const HASH_DIGITS = 12;
const BUILD_NAME = new RegExp(`^(?<number>[1-9]\\d{0,14})-[0-9a-f]{${HASH_DIGITS}}$`);
const HASH = /^sha256:(?<digits>[0-9a-f]{64})$/;

/** A file of a build, as its descriptor tells of it. */
export interface PublishedFile {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Null for the descriptor itself, and for tables of builds that did not tell yet. */
  readonly rows: number | null;
}

/** A whole build, which never changes. */
export interface PublishedBuild {
  /** Its number and the beginning of its descriptor's hash: no other build ever has the same name. */
  readonly name: string;
  readonly folder: string;
  readonly madeAt: EpochMicros;
  /** Whether the folder of the builds is turned to it. */
  readonly isLatest: boolean;
  /** The descriptor last. */
  readonly files: readonly PublishedFile[];
}

/** Builds of earlier releases did not tell their rows. */
interface StoredPackage {
  readonly resources: readonly (Pick<BuiltPackage['resources'][number], 'path' | 'bytes' | 'hash'> & {
    readonly rows?: number;
  })[];
}

type Described = Omit<PublishedBuild, 'isLatest'>;

interface Known extends Described {
  /** The descriptor as it was read: where another has taken its place, it is read again. */
  readonly version: string;
}

/** The builds of a folder as they can be read now. Nothing is hashed: what a build says of itself lies with it. */
export class PublishedBuilds {
  /** By number. */
  private readonly known = new Map<string, Known>();

  constructor(private readonly folder: string) {}

  /** Newest first. */
  async all(): Promise<PublishedBuild[]> {
    const places = await this.places();
    const numbers = places ? await numbersIn(places.builds) : [];
    for (const number of this.known.keys()) if (!numbers.includes(number)) this.known.delete(number);
    const builds: PublishedBuild[] = [];
    for (const number of numbers.sort((a, b) => Number(b) - Number(a))) {
      const build = await this.read(places, number);
      if (build) builds.push(build);
    }
    return builds;
  }

  /** The build that the folder is now; undefined where there is none. */
  async latest(): Promise<PublishedBuild | undefined> {
    const places = await this.places();
    return places?.link === undefined ? undefined : this.read(places, basename(places.link));
  }

  /** Undefined for a name that no build has, or none any more. */
  async named(name: string): Promise<PublishedBuild | undefined> {
    const number = BUILD_NAME.exec(name)?.groups?.['number'];
    if (number === undefined) return undefined;
    const build = await this.read(await this.places(), number);
    return build?.name === name ? build : undefined;
  }

  private async places(): Promise<BuildPlaces | undefined> {
    return placesOf(this.folder).catch(absent);
  }

  private async read(places: BuildPlaces | undefined, number: string): Promise<PublishedBuild | undefined> {
    if (!places || !PUBLISHED.test(number)) return undefined;
    const folder = join(places.builds, number);
    const handle = await open(join(folder, DESCRIPTOR)).catch(absent);
    if (!handle) {
      this.known.delete(number);
      return undefined;
    }
    try {
      const { ino, size, mtimeMs } = await handle.stat();
      const version = `${ino} ${size} ${mtimeMs}`;
      let described = this.known.get(number);
      if (described?.version !== version) {
        described = { ...(await describe(handle, number, folder, mtimeMs)), version };
        this.known.set(number, described);
      }
      return { ...described, isLatest: places.link === folder };
    } finally {
      await handle.close();
    }
  }
}

async function describe(handle: FileHandle, number: string, folder: string, mtimeMs: number): Promise<Described> {
  const bytes = await handle.readFile();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { resources } = JSON.parse(bytes.toString('utf8')) as StoredPackage;
  return {
    name: `${number}-${sha256.slice(0, HASH_DIGITS)}`,
    folder,
    madeAt: Math.round(mtimeMs) * MILLISECOND,
    files: [
      ...resources.map(({ path, bytes: size, hash, rows }) => ({
        name: basename(path),
        bytes: size,
        sha256: HASH.exec(hash)?.groups?.['digits'] ?? '',
        rows: rows ?? null,
      })),
      { name: DESCRIPTOR, bytes: bytes.length, sha256, rows: null },
    ],
  };
}

async function numbersIn(builds: string): Promise<string[]> {
  const names = (await readdir(builds).catch(absent)) ?? [];
  return names.filter((name) => PUBLISHED.test(name));
}

/** What is not there, or not any more, is none. */
function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}
