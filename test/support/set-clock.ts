import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The build for programs with threads, below each folder that distributions put libraries into. */
const LIBRARY = join('faketime', 'libfaketimeMT.so.1');
const FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];

const LIBRARY_PATH = FOLDERS.flatMap((folder) => [
  join(folder, LIBRARY),
  ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, LIBRARY)) : []),
]).find((path) => existsSync(path));

/** `describe` for tests that set the clock of a process; skipped by name, and said, where libfaketime is not installed. */
export const describeClockSteps = LIBRARY_PATH === undefined ? skipped() : describe;

function skipped(): jest.Describe {
  process.stderr.write(
    'SKIPPED: tests that set the clock of a process: libfaketime (Debian: faketime) is not installed\n',
  );
  return describe.skip;
}

/**
 * The wall clock of one process or several, which a test sets while they run. Their monotonic clocks, and the times of
 * files, stay as they are: that is how a machine's clock is set.
 */
export class SetClock {
  private readonly folder = mkdtempSync(join(tmpdir(), 'csp-clock-'));
  private readonly file = join(this.folder, 'offset');

  constructor(aheadMillis = 0) {
    this.set(aheadMillis);
  }

  /** What a process needs in its environment for its clock to be this one. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: LIBRARY_PATH ?? '',
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** Sets the clock so far ahead of the machine's, in real milliseconds; negative: behind it. */
  set(aheadMillis: number): void {
    const next = `${this.file}.next`;
    const seconds = (aheadMillis / 1_000).toFixed(3);
    writeFileSync(next, `${aheadMillis < 0 ? '' : '+'}${seconds}\n`);
    renameSync(next, this.file);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
