import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, freePort, type AppName, type ProcessGroup } from '../test/support/app-process';
import type { RecordedAnswer } from './bare-server';
import { compiledFile, Installation } from './installation';
import { compare } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Seconds from the start of a process to its first answer from the store, on a store that has a day of history.
 *
 * Peer: a bare `node:http` server started in the same way; Node itself does not start faster.
 */
const ROUNDS = 5;
const PATH = '/bi/latest_prices.csv';
const APPS: readonly AppName[] = ['standalone-app', 'api-app'];
const ASK_EVERY_MS = 5;

async function secondsUntilAnswer(start: number, url: string): Promise<number> {
  const answers = async (): Promise<true | undefined> => ((await fetch(url)).ok ? true : undefined);
  await eventually(`${url} answers`, answers, 60_000, ASK_EVERY_MS);
  return (performance.now() - start) / 1_000;
}

async function startBareServer(folder: string): Promise<number> {
  const answer: RecordedAnswer = { status: 200, headers: { 'content-type': 'text/csv' }, body: '' };
  const file = join(folder, 'empty.json');
  writeFileSync(file, JSON.stringify(answer));
  const port = await freePort();
  const start = performance.now();
  const server = spawn(process.execPath, [compiledFile('bare-server'), file, String(port)], { stdio: 'inherit' });
  const seconds = await secondsUntilAnswer(start, `http://127.0.0.1:${port}${PATH}`);
  server.kill();
  await once(server, 'exit');
  return seconds;
}

async function startApp(installation: Installation, name: AppName): Promise<number> {
  const start = performance.now();
  const { process: app, url } = await installation.launch(name);
  const seconds = await secondsUntilAnswer(start, `${url}${PATH}`);
  await app.stop();
  return seconds;
}

export function benchStart(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const installation = new Installation(group, folder, exchangeUrl, { BACKFILL_DAYS: '1' });
    await installation.fill();
    const figures: Figure[] = [];
    for (const name of APPS) {
      const { subject, peer, ratio } = await compare(
        ROUNDS,
        () => startApp(installation, name),
        () => startBareServer(folder),
      );
      figures.push({
        what: `start of ${name} to its first answer`,
        value: `${subject.toFixed(2)} s`,
        against: `node:http alone: ${peer.toFixed(2)} s`,
        measure: ratio,
        threshold: undefined,
      });
    }
    return figures;
  });
}
