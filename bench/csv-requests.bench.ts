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
 * is the one of a client who sends it; one who has the table already is told that nothing is new.
 */
const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = [1, 50] as const;
const PATH = '/bi/daily_ohlc.csv';
const KEY = 'the-key-of-the-bench';

interface Caller {
  readonly who: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly atLeast: number;
}

const callersWith = (etag: string): readonly Caller[] => [
  { who: '', headers: {}, atLeast: 0.45 },
  { who: ', nothing new', headers: { 'if-none-match': etag }, atLeast: 0.45 },
  { who: ', with a key', headers: { 'x-api-key': KEY }, atLeast: 0.3 },
];

async function requestsPerSecond(
  url: string,
  connections: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const options = { url, connections, headers: { ...headers }, duration: SECONDS };
  const { requests, duration, errors, timeouts, '4xx': refused, '5xx': failed } = await autocannon(options);
  if (errors + refused + failed + timeouts > 0) {
    throw new Error(`${url}: ${errors} errors, ${refused + failed} answers that were refusals, ${timeouts} time-outs`);
  }
  return requests.total / duration;
}

/** Headers that node:http sets by itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['connection', 'date', 'keep-alive']);

async function recordAnswer(url: string, asked: Readonly<Record<string, string>> = {}): Promise<RecordedAnswer> {
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...asked } });
  const { status } = response;
  if (status >= 400) throw new Error(`${url}: HTTP ${status}`);
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !OWN_HEADERS.has(name)));
  return { status, headers, body: await response.text() };
}

async function withBareServer(
  folder: string,
  answer: RecordedAnswer,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const file = join(folder, 'answer.json');
  writeFileSync(file, JSON.stringify(answer));
  const port = await freePort();
  const server = spawn(process.execPath, [compiledFile('bare-server'), file, String(port)], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}${PATH}`;
  try {
    await eventually('the bare server answers', async () => ((await fetch(url)).status < 400 ? true : undefined));
    await work(url);
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
    const { headers, body } = await recordAnswer(`${url}${PATH}`);
    const figures: Figure[] = [];
    for (const caller of callersWith(headers['etag'] ?? '')) {
      const answer = await recordAnswer(`${url}${PATH}`, caller.headers);
      await withBareServer(folder, answer, async (bareUrl) => {
        for (const connections of CONNECTIONS) {
          const { subject, peer, ratio } = await compare(
            ROUNDS,
            () => requestsPerSecond(`${url}${PATH}`, connections, caller.headers),
            () => requestsPerSecond(bareUrl, connections),
          );
          figures.push({
            what: `${PATH} (${Buffer.byteLength(body)} bytes), ${connections} connection${connections === 1 ? '' : 's'}${caller.who}`,
            value: `${Math.round(subject)} requests/s`,
            against: `node:http alone: ${Math.round(peer)} requests/s`,
            measure: ratio,
            threshold: connections === 1 ? undefined : { atLeast: caller.atLeast },
          });
        }
      });
    }
    await app.stop();
    return figures;
  });
}
