import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { eventually, freePort, type ProcessGroup } from '../test/support/app-process';
import type { RecordedAnswer } from './bare-server';
import { compiledFile, Installation } from './installation';
import { compare } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Requests per second of `/bi/daily_ohlc.csv` (90 days of two symbols) from the built api-app, with validation,
 * throttling, conditional requests, metrics and a log line for each.
 *
 * Peer: bare `node:http` that sends the same bytes, headers and body, and does nothing else. Nothing that stands on
 * Node's HTTP server is faster. On a machine with two cores the client takes about one of them. With a key each request
 * is the one of a client who sends it.
 */
const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = [1, 50] as const;
const AT_LEAST = 0.3;
const PATH = '/bi/daily_ohlc.csv';
const KEY = 'the-key-of-the-bench';
const CALLERS: readonly (readonly [who: string, headers: Record<string, string>])[] = [
  ['', {}],
  [', with a key', { 'x-api-key': KEY }],
];

async function requestsPerSecond(
  url: string,
  connections: number,
  headers: Record<string, string> = {},
): Promise<number> {
  const options = { url, connections, headers, duration: SECONDS };
  const { requests, duration, errors, non2xx, timeouts } = await autocannon(options);
  if (errors + non2xx + timeouts > 0) {
    throw new Error(`${url}: ${errors} errors, ${non2xx} answers that were not 2xx, ${timeouts} time-outs`);
  }
  return requests.total / duration;
}

/** Headers that node:http sets by itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['connection', 'date', 'keep-alive']);

async function recordAnswer(url: string): Promise<RecordedAnswer> {
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !OWN_HEADERS.has(name)));
  return { headers, body: await response.text() };
}

async function withBareServer<T>(
  folder: string,
  answer: RecordedAnswer,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const file = join(folder, 'answer.json');
  writeFileSync(file, JSON.stringify(answer));
  const port = await freePort();
  const server = spawn(process.execPath, [compiledFile('bare-server'), file, String(port)], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}${PATH}`;
  try {
    await eventually('the bare server answers', async () => ((await fetch(url)).ok ? true : undefined));
    return await work(url);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

export function benchCsvRequests(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const settings = { API_KEYS: `bench:${KEY}`, THROTTLE_KEY_LIMIT: '100000000' };
    const installation = new Installation(group, folder, exchangeUrl, settings);
    await installation.fill();
    const { process: app, url } = await installation.launch('api-app');
    await app.answers(`${url}/readyz`);
    const answer = await recordAnswer(`${url}${PATH}`);
    const figures = await withBareServer(folder, answer, async (bareUrl) => {
      const measured: Figure[] = [];
      for (const connections of CONNECTIONS) {
        for (const [who, headers] of CALLERS) {
          const { subject, peer, ratio } = await compare(
            ROUNDS,
            () => requestsPerSecond(`${url}${PATH}`, connections, headers),
            () => requestsPerSecond(bareUrl, connections),
          );
          const size = `${Buffer.byteLength(answer.body)} bytes`;
          measured.push({
            what: `${PATH} (${size}), ${connections} connection${connections === 1 ? '' : 's'}${who}`,
            value: `${Math.round(subject)} requests/s`,
            against: `node:http alone: ${Math.round(peer)} requests/s`,
            measure: ratio,
            threshold: { atLeast: AT_LEAST },
          });
        }
      }
      return measured;
    });
    await app.stop();
    return figures;
  });
}
