import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** Where `make python-readers` puts Python with pandas, polars and DuckDB; the marker is its last step. */
const HOME = resolve(__dirname, '../../.cache/python');
/** The folder of its programs. */
export const PYTHON = resolve(HOME, 'bin');
const MAX_OUTPUT_BYTES = 32 * 1_048_576;

const run = promisify(execFile);

/** `describe` for tests that need Python's readers: skipped, by name, where they cannot be had. */
export const describePython = existsSync(resolve(HOME, '.installed')) ? describe : describe.skip;

/** Runs a script of `test/readers` and parses what it prints; its own words are in the error when it fails. */
export async function runPython<T>(script: string, args: readonly string[]): Promise<T> {
  const [runner, file] = ['run.py', script].map((name) => resolve(__dirname, '../readers', name)) as [string, string];
  const { stdout } = await run(resolve(PYTHON, 'python'), [runner, file, ...args], { maxBuffer: MAX_OUTPUT_BYTES });
  return JSON.parse(stdout) as T;
}
