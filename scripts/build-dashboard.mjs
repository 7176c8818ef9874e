// Bundles the page at `/` into dist/apps/dashboard: index.html, and assets whose names change with their content.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/** Writes an asset under a name that holds a hash of it; returns the name. */
function asset(name, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const named = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  writeFileSync(join(target, 'assets', named), bytes);
  return named;
}

const names = {
  script: asset('page.js', outputFiles[0].contents),
  style: asset('page.css', readFileSync(join(source, 'styles.css'))),
  icon: asset('icon.svg', readFileSync(join(source, 'icon.svg'))),
};
const html = readFileSync(join(source, 'index.html'), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, name) => names[name]);
writeFileSync(join(target, 'index.html'), html);
