import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Injects the folder that the page was built into. */
export const PAGE_FOLDER = 'PAGE_FOLDER';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** A file of the page with its compressed forms, made once. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  readonly br: Buffer;
}

/** The page as it was built: `index.html`, and assets whose names change with what is in them. */
export class PageFiles {
  readonly index: PageFile;
  private readonly assets: ReadonlyMap<string, PageFile>;

  /** @throws Error where the page has not been built */
  constructor(folder: string) {
    this.index = read(join(folder, 'index.html'));
    const names = readdirSync(join(folder, 'assets'));
    this.assets = new Map(names.map((name) => [name, read(join(folder, 'assets', name))]));
  }

  /** Undefined for a name that is none of its own: no path is made of it. */
  asset(name: string): PageFile | undefined {
    return this.assets.get(name);
  }
}

function read(path: string): PageFile {
  const type = TYPES[extname(path)];
  if (type === undefined) throw new Error(`the page has a file of a kind that is not served: ${path}`);
  const bytes = readFileSync(path);
  return { type, bytes, gzip: gzipSync(bytes), br: brotliCompressSync(bytes) };
}
