import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const FOLDER = resolve(__dirname, '../../deploy/prometheus');

function isThere(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('SKIPPED: tests with promtool in this file: there is no promtool (package `prometheus`)\n');
    return false;
  }
}

/** `describe` for tests that need Prometheus's promtool: skipped by name, and said, where it cannot be had. */
export const describePromtool = isThere() ? describe : describe.skip;

/** Runs promtool among the rules; what it says, and the code that it ends with. */
export function promtool(
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    const child = execFile('promtool', [...args], { cwd: FOLDER }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` });
    });
    child.stdin?.end(input);
  });
}
