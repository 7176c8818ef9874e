import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import Database from 'better-sqlite3';
import { eventually, freePort, ProcessGroup } from '../test/support/app-process';
import { fillCandles } from '../test/support/made-up-candles';
import { compiledFile, Installation } from './installation';
import { compare } from './measure';
import type { Figure } from './report';
import { databasePath, inNewFolder, openStore } from './workspace';

/** A row of `candles_1m`, as a cursor gives it. */
export interface MinuteCandleColumns {
  readonly symbol: string;
  readonly open_time: number;
  readonly close_time: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly taker_buy_volume: string;
  readonly taker_buy_quote_volume: string;
  readonly source: string;
  readonly captured_at: number;
  readonly revision: number;
}

/**
 * A million minutes as one answer of CSV from the built api-app, to a client that only counts.
 *
 * Peer: a process in which a bare better-sqlite3 cursor writes the same bytes to a socket. The numbers in the store are
 * made up; both answers are compared.
 */
const MINUTES = 1_000_000;
const MINUTE_MICROS = 60_000_000;
const SYMBOL = 'BTCUSDT';
const ROUNDS = 3;
const AT_LEAST = 0.5;
const PATH = `/candles?symbol=${SYMBOL}&interval=1m&format=csv`;

interface Received {
  readonly bytes: number;
  readonly seconds: number;
  readonly sha256: string;
}

function receive(url: string): Promise<Received> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (answer) => {
      const hash = createHash('sha256');
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ bytes, seconds: (performance.now() - start) / 1_000, sha256: hash.digest('hex') });
      });
    })
      .on('error', reject)
      .end();
  });
}

async function withBareCursor<T>(path: string, work: (url: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const server = spawn(process.execPath, [compiledFile('bare-cursor'), path, SYMBOL, String(port)], {
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}/`;
  try {
    await eventually('the bare server answers', async () =>
      (await fetch(url, { method: 'HEAD' })).ok ? true : undefined,
    );
    return await work(url);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

async function fill(folder: string): Promise<void> {
  await (await openStore(folder)).close();
  const database = new Database(databasePath(folder));
  database.pragma('synchronous = OFF');
  const end = Math.floor(Date.now() / 86_400_000) * 1_440 * MINUTE_MICROS;
  database.transaction(() => {
    database.prepare("INSERT INTO symbols (symbol, status) VALUES (?, 'TRADING')").run(SYMBOL);
    const level = { table: 'candles_1m', minutes: 1 } as const;
    fillCandles(database, level, SYMBOL, end - MINUTES * MINUTE_MICROS, MINUTES);
  })();
  database.exec('ANALYZE');
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

export function benchLongList(): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const group = new ProcessGroup();
    try {
      await fill(folder);
      const installation = new Installation(group, folder, 'http://127.0.0.1:1', { SYMBOLS: SYMBOL });
      const { process: app, url } = await installation.launch('api-app');
      await app.answers(`${url}/readyz`);
      return await withBareCursor(databasePath(folder), async (bareUrl) => {
        const [ours, bare] = [await receive(`${url}${PATH}`), await receive(bareUrl)];
        if (ours.sha256 !== bare.sha256)
          throw new Error(`${PATH}: ${ours.bytes} bytes, not the ${bare.bytes} of the cursor`);
        const pace = async (from: string): Promise<number> => {
          const { bytes, seconds } = await receive(from);
          return bytes / seconds / 1e6;
        };
        const { subject, peer, ratio } = await compare(
          ROUNDS,
          () => pace(`${url}${PATH}`),
          () => pace(bareUrl),
        );
        return [
          {
            what: `/candles as CSV, ${MINUTES} minutes in one answer`,
            value: `${subject.toFixed(1)} MB/s`,
            against: `bare better-sqlite3 cursor: ${peer.toFixed(1)} MB/s`,
            measure: ratio,
            threshold: { atLeast: AT_LEAST },
          },
        ];
      });
    } finally {
      await group.stopAll();
    }
  });
}
