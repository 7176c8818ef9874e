// `npm run openapi`: writes the description of the API, as api-app serves it, to docs/openapi.json.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = 30_000;
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const folder = await mkdtemp(join(tmpdir(), 'csp-openapi-'));
const app = spawn(process.execPath, [at('dist/apps/api-app/src/main.js')], {
  cwd: folder,
  env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), STORAGE_PATH: 'app.db', LOG_LEVEL: 'error' },
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/openapi.json`).catch(() => undefined);
    if (answer?.ok) {
      await writeFile(at('docs/openapi.json'), `${JSON.stringify(await answer.json(), null, 2)}\n`);
      break;
    }
    if (app.exitCode !== null || Date.now() > deadline) throw new Error('the API did not give its description');
  }
} finally {
  app.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
