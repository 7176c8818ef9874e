import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderNotMadeError, makeFolder, makeFolderOf } from '@app/files';

describe('making a folder', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'csp-folder-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('should make those above it too, and leave one that is there as it is', () => {
    const folder = join(root, 'a', 'b', 'c');
    makeFolder(folder);
    writeFileSync(join(folder, 'kept'), '');
    makeFolder(folder);
    expect(existsSync(join(folder, 'kept'))).toBe(true);
  });

  it('should take a path as it is seen from the working directory', () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      makeFolder('x/y');
    } finally {
      process.chdir(before);
    }
    expect(existsSync(join(root, 'x', 'y'))).toBe(true);
  });

  it('should follow a link to a folder, and refuse one to nowhere', () => {
    makeFolder(join(root, 'real'));
    symlinkSync(join(root, 'real'), join(root, 'link'));
    makeFolder(join(root, 'link', 'inner'));
    expect(existsSync(join(root, 'real', 'inner'))).toBe(true);
    symlinkSync(join(root, 'absent'), join(root, 'dangling'));
    expect(() => {
      makeFolder(join(root, 'dangling'));
    }).toThrow('EEXIST');
  });

  it('should refuse a file in its place, or above it', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => {
      makeFolder(join(root, 'file'));
    }).toThrow('EEXIST');
    expect(() => {
      makeFolder(join(root, 'file', 'inner'));
    }).toThrow('ENOTDIR');
  });

  it('should name the setting, its value and the reason', () => {
    writeFileSync(join(root, 'file'), '');
    const [value, folder] = [join(root, 'file', 'app.db'), join(root, 'file')];
    const make = (): void => {
      makeFolderOf('STORAGE_PATH', value, folder);
    };
    expect(make).toThrow(FolderNotMadeError);
    expect(make).toThrow(
      `STORAGE_PATH="${value}": the folder cannot be made (EEXIST: file already exists, mkdir '${folder}')`,
    );
  });
});
