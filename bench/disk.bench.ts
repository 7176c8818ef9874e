import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import type { OutgoingEvent } from '@app/domain';
import { candleMessages, inBatches, priceMessages, type MarketRun } from './market-run';
import type { Figure } from './report';
import { databasePath, inNewFolder, openStore, rawDir } from './workspace';

/**
 * Bytes on disk of a day of 50 symbols, taken as it is captured live: in each minute one poll and one candle of each
 * symbol. Tables are counted with everything that is kept for them.
 *
 * Limit: for tables, the same database after VACUUM, which has no half-empty page; for bronze, the same lines gzipped.
 */
const TABLES = {
  'stored minute': ['candles_1m', 'candle_revisions', 'candles_1h', 'candles_1d', 'coverage', 'coverage_days'],
  'price event': ['price_events', 'ticker_days'],
} as const;

const TOPICS = { 'stored minute': 'crypto_candles', 'price event': 'crypto_prices' } as const;

type Kind = keyof typeof TABLES;

const KINDS: readonly Kind[] = ['stored minute', 'price event'];
const MINUTES_OF_YEAR = 525_600;

async function capture(
  folder: string,
  polls: readonly OutgoingEvent[][],
  minutes: readonly OutgoingEvent[][],
): Promise<void> {
  const store = await openStore(folder);
  for (const [index, events] of minutes.entries()) {
    await store.sink.take({ origin: 'bench', events: polls[index] ?? [] });
    await store.sink.take({ origin: 'bench', events });
  }
  await store.close();
}

function tableBytes(database: Database.Database, tables: readonly string[]): number {
  const names = tables.map(() => '?').join(', ');
  const sum = database.prepare(`SELECT sum(pgsize) FROM dbstat WHERE name IN (${names})`);
  return sum.pluck().get(...tables) as number;
}

function bronzeBytes(folder: string, topic: string): { readonly plain: number; readonly gzipped: number } {
  const files = readdirSync(rawDir(folder))
    .filter((file) => file.startsWith(topic))
    .map((file) => join(rawDir(folder), file));
  return {
    plain: files.reduce((sum, file) => sum + statSync(file).size, 0),
    gzipped: files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0),
  };
}

function measure(folder: string, rows: Readonly<Record<Kind, number>>): Figure[] {
  const database = new Database(databasePath(folder));
  database.pragma('wal_checkpoint(TRUNCATE)');
  const live = KINDS.map((kind) => tableBytes(database, TABLES[kind]) / rows[kind]);
  database.exec('VACUUM');
  const packed = KINDS.map((kind) => tableBytes(database, TABLES[kind]) / rows[kind]);
  database.close();
  let megabytesOfYear = 0;
  const figures = KINDS.flatMap((kind, index): Figure[] => {
    const [bytes, least] = [live[index] ?? NaN, packed[index] ?? NaN];
    const { plain, gzipped } = bronzeBytes(folder, TOPICS[kind]);
    const [line, packedLine] = [plain / rows[kind], gzipped / rows[kind]];
    megabytesOfYear += ((bytes + line) * MINUTES_OF_YEAR) / 1e6;
    return [
      {
        what: `SQLite, each ${kind}`,
        value: `${bytes.toFixed(0)} bytes`,
        against: `after VACUUM: ${least.toFixed(0)} bytes`,
        measure: bytes / least,
        threshold: undefined,
      },
      {
        what: `bronze, each ${kind}`,
        value: `${line.toFixed(0)} bytes`,
        against: `gzipped: ${packedLine.toFixed(0)} bytes`,
        measure: line / packedLine,
        threshold: undefined,
      },
    ];
  });
  return [
    ...figures,
    {
      what: 'disk of a symbol and year, polled each minute',
      value: `${megabytesOfYear.toFixed(0)} MB`,
      against: '',
      measure: undefined,
      threshold: undefined,
    },
  ];
}

export function benchDisk(run: MarketRun): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const size = run.symbols.length;
    await capture(folder, inBatches(priceMessages(run.prices), size), inBatches(candleMessages(run.candles), size));
    return measure(folder, { 'stored minute': run.candles.length, 'price event': run.prices.length });
  });
}
