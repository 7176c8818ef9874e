import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A page with nothing on it, for tests of the other routes; its folder lies among the temporary files. */
export function emptyPageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'csp-page-'));
  mkdirSync(join(folder, 'assets'));
  const [path, html] = [join(folder, 'index.html'), '<!doctype html><title>page</title>'];
  writeFileSync(path, html);
  writeFileSync(`${path}.gz`, gzipSync(html));
  writeFileSync(`${path}.br`, brotliCompressSync(html));
  return folder;
}
