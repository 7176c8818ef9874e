import { readFileSync } from 'node:fs';
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
