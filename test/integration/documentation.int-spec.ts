import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { environmentSchema } from '@app/config';

const README = readFileSync(resolve(__dirname, '../../README.md'), 'utf8');

describe('README', () => {
  it('should explain exactly the variables that the configuration has', () => {
    const explained = [...README.matchAll(/^\| `([A-Z][A-Z_]+)` +\|/gm)].map(([, name]) => String(name));
    expect([...explained].sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('should name the default of each variable that has a short one', () => {
    for (const [, name = '', value] of README.matchAll(/^\| `([A-Z][A-Z_]+)` +\| `([^`]*)` +\|/gm)) {
      const field = environmentSchema.shape[name as keyof typeof environmentSchema.shape];
      const byDefault: unknown = field.parse(undefined);
      expect([name, [byDefault].flat().join(',')]).toEqual([name, value]);
    }
  });
});

describe('docs/conventions.md', () => {
  /** Names of tests, as they are written. */
  const NAME = /\bit(?:\.each\(.*\))?\(\s*(['`])(.*?)\1,/g;

  it('should promise to clients exactly what tests are named after', () => {
    const promised = [
      ...readFileSync(resolve(__dirname, '../../docs/conventions.md'), 'utf8').matchAll(/^\| (\d+) +\|/gm),
    ].map(([, number]) => Number(number));
    const names = ['../e2e', '.']
      .map((folder) => resolve(__dirname, folder))
      .flatMap((folder) => readdirSync(folder).map((file) => resolve(folder, file)))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(NAME)].map(([, , name]) => String(name)));
    const tested = new Set(
      names.flatMap((name) => [...name.matchAll(/\((\d+)\)/g)].map(([, number]) => Number(number))),
    );
    expect([...tested].sort((one, other) => one - other)).toEqual(promised);
  });
});
