import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { environmentSchema } from '@app/config';
import { explainedReasons, explains } from '../support/explained-reasons';
import { anchorsOf, page, pages, relativeLinks, ROOT } from '../support/markdown';
import { markedReasons } from '../support/marked-reasons';

const CONFIGURATION = page('docs/configuration.md');

describe('docs/configuration.md', () => {
  it('should explain exactly the variables that the configuration has', () => {
    const explained = [...CONFIGURATION.matchAll(/^\| `([A-Z][A-Z_]+)` +\|/gm)].map(([, name]) => String(name));
    expect([...explained].sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('should name the default of each variable that has a short one', () => {
    for (const [, name = '', value] of CONFIGURATION.matchAll(/^\| `([A-Z][A-Z_]+)` +\| `([^`]*)` +\|/gm)) {
      const field = environmentSchema.shape[name as keyof typeof environmentSchema.shape];
      const byDefault: unknown = field.parse(undefined);
      expect([name, [byDefault].flat().join(',')]).toEqual([name, value]);
    }
  });
});

describe('docs/api.md', () => {
  it('should name every route that the description of the API has', () => {
    const { paths } = JSON.parse(page('docs/openapi.json')) as { paths: Record<string, unknown> };
    const named = [...page('docs/api.md').matchAll(/^\| http:\/\/localhost:8000(\/[^\s?]*)/gm)].map(([, path]) => path);
    expect(named).toEqual(expect.arrayContaining(Object.keys(paths).filter((path) => !path.includes('{'))));
  });
});

describe('docs/health.md', () => {
  const [marked, explained] = [markedReasons(), explainedReasons()];

  it('should explain each reason that the code marks, once', () => {
    expect(marked.length).toBeGreaterThan(50);
    const rowsOf = (text: string): string[] => explained.filter((row) => explains(row, text));
    expect(marked.filter((text) => rowsOf(text).length !== 1)).toEqual([]);
  });

  it('should explain nothing that the code does not say', () => {
    expect(explained.filter((row) => !marked.some((text) => explains(row, text)))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const [, section = ''] = /^## The walk of one event\n([\s\S]*?)^## /m.exec(page('ARCHITECTURE.md')) ?? [];
  const WALKS = section.split(/^### /m).slice(1);
  const stepsOf = (walk: string): { number: number; name: string; part: string | undefined; file: string }[] =>
    [...walk.matchAll(/^\| (\d+) +\| `([\w.]+)`(?: \((?:constructor|`(\w+)`)\))? +\| `([\w./-]+)` +\|/gm)].map(
      ([, number, name = '', part, file = '']) => ({ number: Number(number), name, part, file }),
    );

  /** Whether a source declares a function, or a class or description with such a member. */
  function declares(source: string, name: string, part?: string): boolean {
    const [owner = '', member = part] = name.split('.');
    if (!new RegExp(`\\b(?:class|const|function\\*?|async function) ${owner}\\b`).test(source)) return false;
    // The values of a row are what `describeTable` is given last.
    if (member === undefined || (member === 'valuesOf' && source.includes(`${owner} = describeTable(`))) return true;
    return new RegExp(`^ +(?:(?:private|protected|static|async) )*\\*?${member}(?:<.*>)?[(:,]`, 'm').test(source);
  }

  it('should walk through functions that are there', () => {
    const steps = WALKS.flatMap(stepsOf);
    expect(steps.length).toBeGreaterThan(100);
    const isThere = (file: string): boolean => existsSync(join(ROOT, file));
    expect(steps.filter(({ file, name, part }) => !isThere(file) || !declares(page(file), name, part))).toEqual([]);
  });

  it('should name in the notes on the walks what is there', () => {
    const notes = WALKS.flatMap((walk) => [...walk.matchAll(/^- .*(?:\n {2}.*)*/gm)].map(([note]) => note));
    const names = notes.flatMap((note) =>
      [...note.matchAll(/`([A-Za-z]\w*(?:\.\w+)?)`/g)].map(([, name]) => String(name)),
    );
    expect(names.length).toBeGreaterThan(100);
    const sources = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('spec.ts'))
        .map((file) => page(join(folder, file))),
    );
    const words = new Set(sources.flatMap((source) => source.match(/\w+/g) ?? []));
    const isThere = (name: string): boolean =>
      /^[A-Z]\w*\./.test(name) ? sources.some((source) => declares(source, name)) : words.has(name.split('.')[0] ?? '');
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  it('should count the functions and files of each walk as it has them', () => {
    const counted = WALKS.map((walk) => {
      const steps = stepsOf(walk);
      return [steps.map(({ number }) => number), steps.length, new Set(steps.map(({ file }) => file)).size];
    });
    const said = WALKS.map((walk) => {
      const [, functions, files] = /^(\d+) functions in (\d+) files/m.exec(walk) ?? [];
      return [Array.from({ length: Number(functions) }, (_, index) => index + 1), Number(functions), Number(files)];
    });
    expect(said).toHaveLength(3);
    expect(counted).toEqual(said);
  });
});

describe('docs/CONTRIBUTING.md', () => {
  it('should name files and folders that are there', () => {
    const named = [...page('docs/CONTRIBUTING.md').matchAll(/`((?:apps|bi|deploy|docker|docs|libs|test)\/[\w./-]+)`/g)];
    expect(named.length).toBeGreaterThan(50);
    expect(named.map(([, path]) => String(path)).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('should list every contract suite', () => {
    const suites = readdirSync(resolve(__dirname, 'contracts')).map((file) => file.replace('.int-spec.ts', ''));
    expect(suites.filter((suite) => !page('docs/CONTRIBUTING.md').includes(`\`${suite}\``))).toEqual([]);
  });
});

describe('docs/conventions.md', () => {
  /** Names of tests, as they are written. */
  const NAME = /\(\s*(['`])(should .*?)\1,/g;

  it('should promise to clients exactly what tests are named after', () => {
    const promised = [...page('docs/conventions.md').matchAll(/^\| (\d+) +\|/gm)].map(([, number]) => Number(number));
    const names = ['../e2e', '../faults', '.', 'contracts']
      .map((folder) => resolve(__dirname, folder))
      .flatMap((folder) => readdirSync(folder).map((file) => resolve(folder, file)))
      .filter((file) => file.endsWith('-spec.ts'))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(NAME)].map(([, , name]) => String(name)));
    const tested = new Set(
      names.flatMap((name) => [...name.matchAll(/\((\d+)\)/g)].map(([, number]) => Number(number))),
    );
    expect([...tested].sort((one, other) => one - other)).toEqual(promised);
  });
});

describe('the pages of the repository', () => {
  const LINKS = pages().flatMap((from) =>
    relativeLinks(page(from)).map(({ path, anchor }) => ({
      from,
      to: path === '' ? from : normalize(join(dirname(from), path)),
      anchor,
    })),
  );

  it('should be found, with their links', () => {
    expect(pages()).toEqual(expect.arrayContaining(['README.md', 'docker/README.md', 'docs/operations.md']));
    expect(LINKS.length).toBeGreaterThan(100);
  });

  it('should link to nothing that is not there', () => {
    const broken = LINKS.filter(({ to }) => to.startsWith('..') || !existsSync(join(ROOT, to)));
    expect(broken).toEqual([]);
  });

  it('should link to no heading that is not there', () => {
    const broken = LINKS.filter(({ to, anchor }) => {
      if (anchor === '') return false;
      return !to.endsWith('.md') || !statSync(join(ROOT, to)).isFile() || !anchorsOf(page(to)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('should be there under the names that code, settings and rules give', () => {
    const folders = ['apps', 'deploy', 'docker', 'libs', 'scripts', 'test'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    );
    const files = [...folders, '.env.example', 'Makefile', 'render.yaml'].filter((file) =>
      /(?:\.(?:c?m?[jt]sx?|sh|ya?ml|example)|file)$/.test(file),
    );
    const named = files.flatMap((file) =>
      [...page(file).matchAll(/(?<![\w/.-])(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)].map(([, to = '', anchor]) => ({
        file,
        to,
        anchor,
      })),
    );
    expect(named.length).toBeGreaterThan(20);
    const isThere = ({ to, anchor }: (typeof named)[number]): boolean =>
      existsSync(join(ROOT, to)) && (anchor === undefined || anchorsOf(page(to)).includes(anchor));
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });

  it('should all be reached from the README, those of docs/ by one link', () => {
    const from = (start: string): string[] => LINKS.filter((link) => link.from === start).map(({ to }) => to);
    const direct = new Set(from('README.md'));
    expect(pages().filter((path) => path.startsWith('docs/') && !direct.has(path))).toEqual([]);
    const reached = new Set(['README.md']);
    for (const path of reached) {
      for (const to of from(path)) reached.add(existsSync(join(ROOT, to, 'README.md')) ? join(to, 'README.md') : to);
    }
    // Notes beside fixtures are for who opens that folder.
    expect(pages().filter((path) => !reached.has(path) && !path.startsWith('test/fixtures/'))).toEqual([]);
  });

  it('should keep the README within 150 lines', () => {
    expect(page('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});
