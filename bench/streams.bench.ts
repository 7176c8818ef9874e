import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MILLISECOND, serializePriceEvent, TICKER_SOURCE, type OutgoingEvent } from '@app/domain';
import { eventually, freePort, type ProcessGroup } from '../test/support/app-process';
import { rawRequest } from '../test/support/raw-request';
import type { ResidentBytes } from './bare-stream-server';
import { collectGarbage, inspectedAt } from './collect-garbage';
import { compiledFile, Installation } from './installation';
import { median } from './measure';
import type { Figure } from './report';
import type { ClientsOrder, ClientsReport } from './stream-clients';
import { inNewFolder, openStore } from './workspace';

/**
 * Live streams of api-app, beside the process that writes the store and two that read.
 *
 * Memory of an idle stream: how much the resident memory grows from {@link FEW} open streams to {@link MANY}, each time
 * after a collection: what a process takes once does not count, nor what opening them leaves. Peer: bare `node:http` that
 * sends the same first bytes behind a head of four lines.
 *
 * Fan-out: from the moment at which the writer has committed until the last byte of the unit is at the last of 1,000
 * readers, which includes the look at the store each 100 ms. All of them share the machine's cores.
 */
const PATH = '/stream/prices';
const FEW = 1_000;
const MANY = 4_000;
const MEMORY_ROUNDS = 3;
const IDLE_AT_MOST = 1.5;

/** Memory is given back in a thread of V8's. */
const PAGES_RETURNED_MS = 2_000;

const READERS = 1_000;
const READER_PROCESSES = 2;
const FAN_OUT_AT_MOST_MS = 250;
const FAN_OUT_SECONDS = 30;
const WARM_UP_SECONDS = 5;
/** A hundred events a second, as polls of few and of many symbols make them. */
const UNITS = [
  { symbols: 10, everyMs: 100 },
  { symbols: 100, everyMs: 1_000 },
] as const;

const SETTINGS = { MAX_STREAMS: '100000', MAX_STREAMS_PER_CLIENT: '100000', CAPTURE: 'tickers' };

/** A process of clients that is told what to do. */
class Clients {
  private readonly child: ChildProcess = fork(compiledFile('stream-clients'));

  open(url: string, count: number): Promise<ClientsReport> {
    return this.tell({ kind: 'open', url, count });
  }

  report(): Promise<ClientsReport> {
    return this.tell({ kind: 'report' });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill();
    await exit;
  }

  private async tell(order: ClientsOrder): Promise<ClientsReport> {
    const answer = once(this.child, 'message');
    this.child.send(order);
    const failed = once(this.child, 'exit').then(() => {
      throw new Error('a process of clients has ended');
    });
    failed.catch(() => undefined);
    const [report] = (await Promise.race([answer, failed])) as [ClientsReport];
    return report;
  }
}

/** Bytes of resident memory for each stream that is open and idle. */
async function bytesOfStream(url: string, inspector: number, residentBytes: () => Promise<number>): Promise<number> {
  const clients = new Clients();
  const settled = async (): Promise<number> => {
    await collectGarbage(inspector);
    await delay(PAGES_RETURNED_MS);
    return residentBytes();
  };
  try {
    await clients.open(url, FEW);
    const few = await settled();
    await clients.open(url, MANY - FEW);
    return ((await settled()) - few) / (MANY - FEW);
  } finally {
    await clients.close();
  }
}

async function residentBytesOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error(`${url}/metrics does not say the resident memory`);
  return Number(bytes);
}

async function bytesOfOurs(installation: Installation): Promise<number> {
  const inspector = await freePort();
  const { process: app, url } = await installation.launch('api-app', { nodeFlags: [inspectedAt(inspector)] });
  await app.answers(`${url}/readyz`);
  try {
    return await bytesOfStream(`${url}${PATH}`, inspector, () => residentBytesOf(url));
  } finally {
    await app.stop();
  }
}

async function bytesOfBare(greeting: string): Promise<number> {
  const [port, inspector] = [await freePort(), await freePort()];
  const server = fork(compiledFile('bare-stream-server'), [String(port), greeting], {
    execArgv: [inspectedAt(inspector)],
    silent: true,
  });
  const url = `http://127.0.0.1:${port}${PATH}`;
  try {
    await eventually('the bare server answers', async () =>
      (await rawRequest(url)).status === 200 ? true : undefined,
    );
    return await bytesOfStream(url, inspector, async () => {
      const answer = once(server, 'message');
      server.send('report');
      const [bytes] = (await answer) as [ResidentBytes];
      return bytes;
    });
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

/** What a stream says first. */
async function greetingOf(installation: Installation): Promise<string> {
  const { process: app, url } = await installation.launch('api-app');
  await app.answers(`${url}/readyz`);
  const { body } = await rawRequest(`${url}${PATH}`);
  await app.stop();
  return body.toString();
}

async function idleMemory(installation: Installation): Promise<Figure> {
  const greeting = await greetingOf(installation);
  const [own, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < MEMORY_ROUNDS; round += 1) {
    own.push(await bytesOfOurs(installation));
    bare.push(await bytesOfBare(greeting));
  }
  const kilobytes = (bytes: readonly number[]): string => `${(median(bytes) / 1_000).toFixed(1)} kB`;
  return {
    what: `memory of an idle stream, from ${FEW} to ${MANY}`,
    value: kilobytes(own),
    against: `node:http alone: ${kilobytes(bare)}`,
    measure: median(own) / median(bare),
    threshold: { atMost: IDLE_AT_MOST },
  };
}

/** A poll of which each event says in its volume which one it is. */
function poll(number: number, symbols: number): OutgoingEvent[] {
  const timestamp = Date.now() * MILLISECOND;
  return Array.from({ length: symbols }, (_, index) => {
    const symbol = `S${index}USDT`;
    const value = serializePriceEvent({
      timestamp,
      symbol,
      lastPrice: '68001.20',
      priceChangePercent: '1.87',
      volume: String(number),
      source: TICKER_SOURCE,
    });
    return { kind: 'price', symbol, value, capturedAt: timestamp };
  });
}

async function fanOut(
  installation: Installation,
  folder: string,
  { symbols, everyMs }: (typeof UNITS)[number],
): Promise<Figure> {
  const store = await openStore(folder);
  const { process: app, url } = await installation.launch('api-app');
  const crowd = Array.from({ length: READER_PROCESSES }, () => new Clients());
  try {
    await app.answers(`${url}/readyz`);
    await Promise.all(crowd.map((clients) => clients.open(`${url}${PATH}`, READERS / READER_PROCESSES)));
    const committed: number[] = [];
    const count = ((WARM_UP_SECONDS + FAN_OUT_SECONDS) * 1_000) / everyMs;
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      await delay(Math.max(0, begin + number * everyMs - performance.now()));
      await store.sink.take({ origin: 'bench', events: poll(number, symbols) });
      committed.push(Number(process.hrtime.bigint()) / 1e6);
    }
    const reports = await eventually('all readers have all units', async () => {
      const all = await Promise.all(crowd.map((clients) => clients.report()));
      return all.every(({ newest }) => newest === count - 1) ? all : undefined;
    });
    const arrivals = reports.map((report) => new Map(report.arrivals));
    const first = (WARM_UP_SECONDS * 1_000) / everyMs;
    const millis = committed
      .map((at, unit) => Math.max(...arrivals.map((ofProcess) => ofProcess.get(unit) ?? NaN)) - at)
      .slice(first)
      .sort((a, b) => a - b);
    const p99 = millis[Math.ceil(millis.length * 0.99) - 1] ?? NaN;
    return {
      what: `stream to ${READERS} readers, ${symbols} events every ${everyMs} ms, commit to last byte`,
      value: `p50 ${median(millis).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      against: '',
      measure: p99,
      threshold: { atMost: FAN_OUT_AT_MOST_MS },
    };
  } finally {
    for (const clients of crowd) await clients.close();
    await app.stop();
    await store.close();
  }
}

export function benchStreams(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const store = await openStore(folder);
    await store.sink.take({ origin: 'bench', events: poll(0, 1) });
    await store.close();
    const installation = new Installation(group, folder, exchangeUrl, SETTINGS);
    const figures = [await idleMemory(installation)];
    for (const units of UNITS) figures.push(await fanOut(installation, folder, units));
    return figures;
  });
}
