import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { handleOf, openWriter } from '@app/storage';

const ROOT = resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface LockedPackage {
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}

describe('the Node that make uses', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'supported-nodes-'));
    for (const file of ['Makefile', '.nvmrc', 'package-lock.json']) cpSync(join(ROOT, file), join(folder, file));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What `make install` would do on a machine whose Node says that it is of this version. */
  function installOn(version: string): string {
    const stub = `#!/bin/sh\nPRETEND=${version} exec "${process.execPath}" -r "${join(folder, 'pretend.cjs')}" "$@"\n`;
    writeFileSync(
      join(folder, 'pretend.cjs'),
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: process.env.PRETEND } });',
    );
    writeFileSync(join(folder, 'node'), stub);
    chmodSync(join(folder, 'node'), 0o755);
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
    return execFileSync('make', ['--dry-run', 'install'], { cwd: folder, env, encoding: 'utf8' });
  }

  it.each(['22.15.0', '22.23.5', '24.0.0', '24.22.3', '26.12.1'])(
    'should be the one that is found when it is %s',
    (version) => {
      expect(installOn(version)).not.toContain('.cache/node');
    },
  );

  it.each(['18.20.8', '20.20.2', '22.14.0', '23.11.1', '25.9.0', '27.0.0'])(
    'should be the pinned one, through npm, where the one that is found is %s',
    (version) => {
      expect(installOn(version)).toMatch(
        new RegExp(`npm install --prefix .cache/node/24[0-9.]+ .* node-[a-z]+-[a-z0-9]+@${read('.nvmrc').trim()}`),
      );
    },
  );
});

describe('the dependencies', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };

  it('should compile nothing and download nothing when they are installed', () => {
    const allowed = (JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> }).allowScripts;
    expect(Object.entries(allowed).filter(([, allow]) => allow)).toEqual([]);
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(names.filter((name) => !(name in allowed))).toEqual([]);
  });

  it('should open a store through TypeORM with better-sqlite3 13, which TypeORM does not name as its peer', async () => {
    expect(JSON.parse(read('node_modules/better-sqlite3/package.json'))).toMatchObject({
      version: expect.stringMatching(/^13\./) as string,
    });
    const folder = mkdtempSync(join(tmpdir(), 'store-'));
    const source = await openWriter(join(folder, 'app.db'));
    try {
      expect(source.options.type).toBe('better-sqlite3');
      await source.runMigrations();
      expect(handleOf(source).prepare('SELECT count(*) AS minutes FROM candles_1m').get()).toEqual({ minutes: 0 });
    } finally {
      await source.destroy();
      rmSync(folder, { recursive: true });
    }
  });
});
