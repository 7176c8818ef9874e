import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { ProcessGroup } from '../test/support/app-process';
import { Installation } from './installation';
import { fillStore, MANY_MINUTES, SYMBOLS } from './made-up-store';
import { tradingSymbols } from './market-run';
import type { Figure } from './report';
import { databasePath, inNewFolder, openStore } from './workspace';

/**
 * A backup of a large store beside a capture that writes all the while: 50 symbols, polled each second.
 *
 * Peer: `VACUUM INTO` of bare better-sqlite3 on the same database, the one part of a backup during which the -wal cannot
 * be cut. A minute after the backup the -wal is to be small again.
 */
const CAPTURED = 50;
const DAY_MILLIS = 86_400_000;
const SAMPLE_EVERY_MS = 100;
const CUT_WITHIN_MS = 60_000;
const WAL_AT_MOST_MB = 32;

const megabytes = (path: string): number => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 1e6;

async function secondsOf(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** Runs the work, and returns its seconds with the largest size that the file had meanwhile, in megabytes. */
async function watching(path: string, work: () => Promise<void>): Promise<{ seconds: number; highest: number }> {
  let highest = 0;
  const watch = setInterval(() => {
    highest = Math.max(highest, megabytes(path));
  }, SAMPLE_EVERY_MS);
  try {
    return { seconds: await secondsOf(work), highest };
  } finally {
    clearInterval(watch);
  }
}

function copyAlone(path: string, to: string): void {
  const database = new Database(path, { readonly: true });
  try {
    database.exec(`VACUUM INTO '${to}'`);
  } finally {
    database.close();
    rmSync(to, { force: true });
  }
}

export function benchBackup(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const path = databasePath(folder);
    await (await openStore(folder)).close();
    fillStore(path, SYMBOLS, MANY_MINUTES, Math.floor(Date.now() / DAY_MILLIS) * DAY_MILLIS * 1_000);
    const size = megabytes(path);
    const alone = await secondsOf(() => {
      copyAlone(path, join(folder, 'alone.db'));
    });

    const installation = new Installation(group, folder, exchangeUrl, {
      SYMBOLS: (await tradingSymbols(exchangeUrl, CAPTURED)).join(','),
      POLL_INTERVAL_SECONDS: '1',
      BACKFILL_DAYS: '0',
    });
    const { process: app, url } = await installation.launch('standalone-app');
    await app.answers(`${url}/readyz`);
    const wal = `${path}-wal`;
    const { seconds, highest } = await watching(wal, () =>
      installation.command('backup', '--to', join(folder, 'backup')),
    );
    await delay(CUT_WITHIN_MS);
    const after = megabytes(wal);
    await app.stop();
    return [
      {
        what: `backup of a store of ${size.toFixed(0)} MB beside a capture`,
        value: `${seconds.toFixed(0)} s, ${(size / seconds).toFixed(0)} MB/s`,
        against: `VACUUM INTO alone: ${alone.toFixed(0)} s`,
        measure: seconds / alone,
        threshold: undefined,
      },
      {
        what: '-wal beside it, a minute after the backup',
        value: `${after.toFixed(0)} MB, at the highest ${highest.toFixed(0)} MB`,
        against: '',
        measure: after,
        threshold: { atMost: WAL_AT_MOST_MB },
      },
    ];
  });
}
