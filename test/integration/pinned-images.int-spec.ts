import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const WORKFLOWS = resolve(ROOT, '.github/workflows');
const DIGEST = /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/;

/** Whatever follows a word at the beginning of a line, in all lines. */
function after(word: RegExp, text: string): string[] {
  return text.split('\n').flatMap((line) => (word.test(line) ? [line.replace(word, '').trim()] : []));
}

// Those of the compose file are in compose.int-spec.
describe('what others could change under the same name', () => {
  it('should be pinned by commit where a workflow uses an action', () => {
    const actions = readdirSync(WORKFLOWS).flatMap((file) =>
      after(/^[\s-]*uses:/, readFileSync(join(WORKFLOWS, file), 'utf8')),
    );
    expect(actions.length).toBeGreaterThan(10);
    // Another workflow of this repository comes with the same commit.
    const foreign = actions.filter((action) => !action.startsWith('./'));
    expect(foreign.filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  it('should be pinned by digest where an image is built on it', () => {
    const text = readFileSync(resolve(ROOT, 'docker/Dockerfile'), 'utf8');
    const given = new Map(after(/^ARG\s/, text).map((line) => line.split('=') as [string, string]));
    const stages = after(/^FROM\s/, text).map((line) => line.split(/\s+AS\s+/i) as [string, string]);
    const names = new Set(stages.map(([, name]) => name));
    const foreign = stages
      .map(([base]) => base.replace(/^\$\{(\w+)\}$/, (_, name: string) => given.get(name) ?? 'unknown'))
      .filter((base) => !names.has(base));
    expect(foreign.length).toBeGreaterThan(0);
    expect(foreign.filter((base) => !DIGEST.test(base))).toEqual([]);
    // What is copied in comes from a stage of the same file.
    const sources = [...text.matchAll(/--from=(\S+)/g)].map(([, name = '']) => name);
    expect(sources.filter((name) => !names.has(name))).toEqual([]);
    // A frontend would be an image too.
    expect(text).not.toMatch(/^#\s*syntax\s*=/im);
  });
});
