import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { LruMap } from '../bi/lru-map';

/** Injects the folder that the page was built into. */
export const PAGE_FOLDER = 'PAGE_FOLDER';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

const COMPRESSED: ReadonlySet<string> = new Set(['.gz', '.br']);

/** Proxies in front have few paths; what strangers make up is not kept for long. */
const MAX_INDEXES = 16;
/** While somebody waits. */
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** A file of the page with its compressed forms. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  readonly br: Buffer;
}

/** The page as it was built: `index.html`, and assets whose names change with what is in them; each with `.gz` and `.br` beside it. */
export class PageFiles {
  readonly index: PageFile;
  private readonly assets: ReadonlyMap<string, PageFile>;
  /** The page for visitors who come by a path, by that path. */
  private readonly indexes = new LruMap<PageFile>(MAX_INDEXES, Infinity);

  /** @throws Error where the page has not been built */
  constructor(folder: string) {
    this.index = read(join(folder, 'index.html'));
    const names = readdirSync(join(folder, 'assets')).filter((name) => !COMPRESSED.has(extname(name)));
    this.assets = new Map(names.map((name) => [name, read(join(folder, 'assets', name))]));
  }

  /**
   * The page for whoever came by a path, maybe without the slash at its end: its addresses are relative to that path. The
   * path is one that {@link PublicAddress} vouches for.
   */
  indexBelow(prefix: string): PageFile {
    if (prefix === '') return this.index;
    const known = this.indexes.get(prefix);
    if (known) return known;
    const html = this.index.bytes.toString('utf8').replace('<head>', () => `<head>\n    <base href="${prefix}/" />`);
    const bytes = Buffer.from(html);
    const index = { type: this.index.type, bytes, gzip: gzipSync(bytes), br: brotliCompressSync(bytes, QUICK) };
    this.indexes.set(prefix, index, 1);
    return index;
  }

  /** Undefined for a name that is none of its own: no path is made of it. */
  asset(name: string): PageFile | undefined {
    return this.assets.get(name);
  }
}

function read(path: string): PageFile {
  const type = TYPES[extname(path)];
  if (type === undefined) throw new Error(`the page has a file of a kind that is not served: ${path}`);
  return { type, bytes: readFileSync(path), gzip: readFileSync(`${path}.gz`), br: readFileSync(`${path}.br`) };
}
