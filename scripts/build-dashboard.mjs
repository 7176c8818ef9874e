// Bundles the page at `/` into dist/apps/dashboard: index.html, and assets whose names change with their content. Each file
// has its compressed forms beside it: made at each start, they would take longer than all the rest of it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'apps/dashboard');
const target = join(root, 'dist/apps/dashboard');

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, 'assets'), { recursive: true });

const { outputFiles } = await build({
  entryPoints: [join(source, 'src/main.tsx')],
  bundle: true,
  format: 'esm',
  minify: true,
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
});

function write(path, bytes) {
  writeFileSync(path, bytes);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
}

/** Writes an asset under a name that holds a hash of it; returns the name. */
function asset(name, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const named = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  write(join(target, 'assets', named), bytes);
  return named;
}

const names = {
  script: asset('page.js', outputFiles[0].contents),
  style: asset('page.css', readFileSync(join(source, 'styles.css'))),
  icon: asset('icon.svg', readFileSync(join(source, 'icon.svg'))),
};
const html = readFileSync(join(source, 'index.html'), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, name) => names[name]);
write(join(target, 'index.html'), html);
