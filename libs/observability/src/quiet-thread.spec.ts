import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startThread } from './quiet-thread';

describe('startThread', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csp-thread-'));
  });

  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [
      'a warning of Node',
      "process.emitWarning('that was close', 'NearMissWarning')",
      'NearMissWarning: that was close',
    ],
    ['a deprecation', "process.emitWarning('use another', 'DeprecationWarning')", 'DeprecationWarning: use another'],
    ['an error on the console', "console.error('that was wrong')", 'that was wrong'],
  ])('should make a warning of the process of what a thread says: %s', async (_, statement, text) => {
    const said: unknown[] = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void said.push(args));
    const module = join(folder, 'thread.mjs');
    writeFileSync(module, `${statement};\n`);
    const worker = startThread(module, undefined);
    await Promise.all([once(worker, 'exit'), once(worker.stderr, 'end')]);
    expect(said[0]).toEqual([expect.stringContaining(text), 'ThreadWarning']);
  });

  it('should hand over its data, and none of the options of Node', async () => {
    const module = join(folder, 'thread.mjs');
    const answer = '{ data: workerData, options: process.execArgv }';
    writeFileSync(
      module,
      `import { parentPort, workerData } from 'node:worker_threads';\nparentPort.postMessage(${answer});\n`,
    );
    const worker = startThread(module, { path: 'x' });
    expect(await once(worker, 'message')).toEqual([{ data: { path: 'x' }, options: [] }]);
    await worker.terminate();
  });
});
