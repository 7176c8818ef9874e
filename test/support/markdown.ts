import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');

/** Folders with pages of other people, or with what was made here. */
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'data', 'coverage']);

export interface Link {
  /** Path as written, without the anchor; empty: the same page. */
  readonly path: string;
  /** What follows the `#`; empty: none. */
  readonly anchor: string;
}

export function page(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of all pages of this repository, from its root. */
export function pages(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
    if (!entry.isDirectory() || NOT_OURS.has(entry.name)) return [];
    return entry.name.startsWith('.') && entry.name !== '.github' ? [] : pages(path);
  });
}

/** Anchors of the headings of a page, as GitHub names them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutBlocks(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const earlier = seen.get(anchor) ?? 0;
    seen.set(anchor, earlier + 1);
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}

/** Links of a page to other places in the repository: those in brackets, those by reference, and those of HTML. */
export function relativeLinks(text: string): Link[] {
  const prose = withoutBlocks(text).replace(/`[^`\n]*`/g, '');
  return [/\]\(<?([^)\s>]+)>?(?: +"[^"]*")?\)/g, /^\[[^\]]+\]: +<?(\S+?)>?$/gm, /\b(?:href|src)="([^"]+)"/g]
    .flatMap((pattern) => [...prose.matchAll(pattern)].map(([, target]) => String(target)))
    .filter((target) => !/^[a-z][a-z\d+.-]*:/i.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { path: decodeURIComponent(path), anchor: decodeURIComponent(anchor) };
    });
}

/** What a fenced block shows is no link and no heading. */
function withoutBlocks(text: string): string {
  return text.replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, '');
}
