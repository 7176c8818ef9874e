import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const SCRIPT = resolve(__dirname, '../../scripts/released-api.sh');

function isThere(): boolean {
  try {
    execFileSync('sh', [SCRIPT, 'have'], { stdio: 'inherit' });
    return true;
  } catch {
    return false;
  }
}

/** `describe` for tests that need oasdiff: skipped by name, and said, where it cannot be built. */
export const describeOasdiff = isThere() ? describe : describe.skip;

/** Compares two descriptions of the API as `npm run lint:released` does; what it says, and the code that it ends with. */
export function releasedApiCheck(
  base: string,
  revision: string,
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    execFile('sh', [SCRIPT, 'check', base, revision], (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` });
    });
  });
}
