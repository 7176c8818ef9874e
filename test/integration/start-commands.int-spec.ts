import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CAPTURE_FLAGS } from '../support/app-process';

const read = (file: string): string => readFileSync(resolve(__dirname, '../..', file), 'utf8');

describe('the commands that start a process that captures', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const dockerfile = read('docker/Dockerfile');

  it.each([
    ['start', 'standalone-app'],
    ['start:ingest', 'ingest-app'],
  ])('should start Node in npm run %s and in the image of %s as the tests and benches do', (script, app) => {
    const command = ['node', ...CAPTURE_FLAGS, `dist/apps/${app}/src/main.js`];
    expect(scripts[script]).toBe(command.join(' '));
    expect(dockerfile).toContain(`ENTRYPOINT [${command.map((word) => JSON.stringify(word)).join(', ')}]`);
  });

  it('should start Node in the demo likewise', () => {
    const flags = CAPTURE_FLAGS.map((flag) => `'${flag}'`).join(', ');
    expect(read('scripts/demo.mjs')).toContain(`[${flags}, mainOf('standalone-app')]`);
  });
});
