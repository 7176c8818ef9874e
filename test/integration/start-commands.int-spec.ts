import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { COMMAND_HEAP_FLAGS, HEAP_FLAGS, MEMORY_SETTINGS } from '../support/app-process';

const read = (file: string): string => readFileSync(resolve(__dirname, '../..', file), 'utf8');

const UNIT = 'deploy/systemd/crypto-streaming-platform.service';

describe('the commands that start a process with a young generation of its size', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const dockerfile = read('docker/Dockerfile');

  it.each([
    ['start', 'standalone-app'],
    ['start:ingest', 'ingest-app'],
  ])('should start Node in npm run %s and in the image of %s as the tests and benches do', (script, app) => {
    const command = ['node', ...HEAP_FLAGS, `dist/apps/${app}/src/main.js`];
    expect(scripts[script]).toBe(command.join(' '));
    expect(dockerfile).toContain(`ENTRYPOINT [${command.map((word) => JSON.stringify(word)).join(', ')}]`);
  });

  it('should start Node for commands in npm run cli and in their image as the tests and benches do', () => {
    expect(scripts['cli']).toBe(['node', ...COMMAND_HEAP_FLAGS, 'dist/apps/cli/src/main.js'].join(' '));
    const entry = ['node', ...COMMAND_HEAP_FLAGS, '/app/dist/apps/cli/src/main.js'];
    expect(dockerfile).toContain(`ENTRYPOINT [${entry.map((word) => JSON.stringify(word)).join(', ')}]`);
  });

  it('should start Node in the demo likewise', () => {
    const flags = HEAP_FLAGS.map((flag) => `'${flag}'`).join(', ');
    expect(read('scripts/demo.mjs')).toContain(`[${flags}, mainOf('standalone-app')]`);
  });

  it('should set malloc up in images, make targets, demo and unit file as the tests and benches do', () => {
    for (const [name, value] of Object.entries(MEMORY_SETTINGS)) {
      expect(dockerfile).toMatch(new RegExp(`^ENV .*(?:\\\\\n.*)*\\b${name}=${value}\\b`, 'm'));
      expect(read('Makefile')).toContain(`export ${name} ?= ${value}\n`);
      expect(read('scripts/demo.mjs')).toContain(`${name}: '${value}'`);
      expect(read(UNIT)).toContain(`Environment=${name}=${value}\n`);
    }
  });
});

const isSystemdThere = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!isSystemdThere) process.stderr.write('SKIPPED: the unit file is not verified: there is no systemd-analyze\n');
const itWithSystemd = isSystemdThere ? it : it.skip;

describe('the unit file of systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-unit-'));

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** What systemd has to say about a unit file; it ignores what it cannot read, and ends with 0. */
  function complaints(text: string): string[] {
    const file = join(folder, 'crypto-streaming-platform.service');
    writeFileSync(file, text.replace('/usr/bin/node', process.execPath));
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    return `${stdout}${stderr}`.split('\n').filter((line) => line.includes('crypto-streaming-platform'));
  }

  it('should start Node as npm run start does', () => {
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(read(UNIT)) ?? [];
    const start = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts['start'];
    expect(command.replace('/usr/bin/', '').replace('/opt/crypto-streaming-platform/', '')).toBe(start);
  });

  itWithSystemd('should be accepted by systemd', () => {
    expect(complaints(read(UNIT))).toEqual([]);
    expect(complaints(read(UNIT).replace('Restart=always', 'Restart=often'))).toHaveLength(1);
  });
});
