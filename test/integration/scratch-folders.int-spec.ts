import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { NoScratchFolderError, ScratchFolders } from '@app/files';

const WANTED = 1_000;

describe('folders for temporary files', () => {
  let root: string;
  let warnings: string[];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'csp-scratch-test-'));
    warnings = [];
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const beside = (): string => join(root, 'data');
  const folders = (system: string, place = beside()): ScratchFolders =>
    new ScratchFolders(place, (message) => warnings.push(message), system);

  it('should be in the temporary folder of the system, and leave the store alone', () => {
    const folder = folders(root).make('csp-x-', WANTED);
    expect([dirname(folder), readdirSync(folder)]).toEqual([root, []]);
    expect(existsSync(beside())).toBe(false);
    expect(warnings).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['is not there', () => '/nonexistent'],
    ['is a file', () => join(root, 'file')],
    ['is relative and not there', () => 'no/such/folder'],
    ['cannot hold a file', () => '/proc/self'],
    ['has quotes around it', () => `"${root}"`],
  ])('should be beside the store, and say so once, where TMPDIR %s', (_, path) => {
    writeFileSync(join(root, 'file'), '');
    const scratch = folders(path());
    const made = [scratch.make('csp-x-', WANTED), scratch.make('csp-x-', WANTED)];
    for (const folder of made) expect([dirname(folder), existsSync(folder)]).toEqual([beside(), true]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^TMPDIR: \/.* cannot be used \(E[A-Z]+: .*\); temporary files are kept in .*data instead$/,
      ),
    ]);
  });

  it('should take a relative TMPDIR as it is seen from the working directory', () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      mkdirSync('tmp');
      const folder = folders('tmp').make('csp-x-', WANTED);
      expect(isAbsolute(folder) && existsSync(join(root, 'tmp', basename(folder)))).toBe(true);
    } finally {
      process.chdir(before);
    }
    expect(warnings).toEqual([]);
  });

  it('should name both places where neither can be used', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => folders('/nonexistent', file).make('csp-x-', WANTED)).toThrow(NoScratchFolderError);
    expect(() => folders('/nonexistent', file).make('csp-x-', WANTED)).toThrow(/\/nonexistent\/.*\/file/);
    expect(warnings).toEqual([]);
  });

  it('should remove what a killed process left beside the store, once it is a day old, and nothing else', () => {
    const [old, fresh, other] = ['.csp-scratch-old', '.csp-scratch-new', 'app.db-backup'].map((name) => {
      const path = join(beside(), name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'rows.zip'), '');
      return path;
    });
    const yesterday = Date.now() / 1_000 - 90_000;
    for (const path of [old!, other!]) utimesSync(path, yesterday, yesterday);
    folders('/nonexistent').make('csp-x-', WANTED);
    expect([old, fresh, other].map((path) => existsSync(path!))).toEqual([false, true, true]);
  });

  const SHARED_MEMORY = '/dev/shm';
  const freeBytes = (path: string): number => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  const hasTwoDisks = existsSync(SHARED_MEMORY) && freeBytes(SHARED_MEMORY) !== freeBytes(tmpdir());

  (hasTwoDisks ? it : it.skip)('should be where there is more room when TMPDIR has less than is wanted', () => {
    const inMemory = mkdtempSync(join(SHARED_MEMORY, 'csp-scratch-test-'));
    try {
      const [small, large] = [root, inMemory].sort((a, b) => freeBytes(a) - freeBytes(b));
      expect(dirname(folders(small!, large).make('csp-x-', Number.MAX_SAFE_INTEGER))).toBe(large);
      expect(readdirSync(small!)).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(/cannot be used \(\d+ MB are free\)/)]);
      expect(dirname(folders(large!, small).make('csp-x-', Number.MAX_SAFE_INTEGER))).toBe(large);
    } finally {
      rmSync(inMemory, { recursive: true, force: true });
    }
  });
});
