import Database from 'better-sqlite3';
import { ProcessGroup } from '../test/support/app-process';
import { Installation } from './installation';
import { DAY_MINUTES, fillStore, MANY_MINUTES, MINUTE_MICROS, SYMBOLS } from './made-up-store';
import { median } from './measure';
import type { Figure } from './report';
import { databasePath, inNewFolder, openStore } from './workspace';

/**
 * How long `/candles` takes of long histories, and whether a table for BI depends on how much is stored: the built
 * api-app over HTTP, on stores that are filled by SQL (the numbers in them are made up; their amount is what counts).
 *
 * Cold is the first answer of a new process, warm one of many after it; the file is in the memory of the machine in
 * both. Before each answer of the table something is committed to the store, so that it is never taken from the cache.
 */
const FEW_MINUTES = 130_000;
const COLD_RUNS = 8;
const WARM_RUNS = 100;
const AT_MOST = 1.3;
/** Of `/candles` of 15m over 30 days, warm: the median. */
const QUARTERS_AT_MOST_MS = 40;

/** An installation in a folder of its own, whose history is made up; nothing is captured. */
class QueriedStore {
  readonly path: string;
  private readonly installation: Installation;

  constructor(
    private readonly folder: string,
    group: ProcessGroup,
    readonly symbols: readonly string[],
  ) {
    this.path = databasePath(folder);
    // Nothing listens there.
    this.installation = new Installation(group, folder, 'http://127.0.0.1:1', { SYMBOLS: symbols.join(',') });
  }

  async fill(minutes: number, today: number): Promise<void> {
    await (await openStore(this.folder)).close();
    fillStore(this.path, this.symbols, minutes, today);
  }

  async withApi<T>(work: (url: string) => Promise<T>): Promise<T> {
    const { process, url } = await this.installation.launch('api-app');
    try {
      await process.answers(`${url}/readyz`);
      return await work(url);
    } finally {
      await process.stop();
    }
  }
}

/** Milliseconds until the whole answer is there. */
async function timed(url: string, check: (body: string) => number, expected: number): Promise<number> {
  const start = performance.now();
  // A client that asks for no compression, whose time it would be.
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  const body = await response.text();
  const elapsed = performance.now() - start;
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}: ${body.slice(0, 300)}`);
  const rows = check(body);
  if (rows !== expected) throw new Error(`${url}: ${rows} rows, expected ${expected}`);
  return elapsed;
}

const candlesOf = (body: string): number => (JSON.parse(body) as { data: unknown[] }).data.length;
const linesOf = (body: string): number => body.split('\r\n').length - 2;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

const spread = (values: readonly number[]): string =>
  `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms`;

async function candleQueries(store: QueriedStore, today: number): Promise<Figure[]> {
  const from = (days: number): string => new Date((today - days * DAY_MINUTES * MINUTE_MICROS) / 1_000).toISOString();
  const figures: Figure[] = [];
  for (const [what, interval, days, rows] of [
    ['1d over five years', '1d', 5 * 365 - 1, 5 * 365 - 1],
    ['4h over one year', '4h', 365, 365 * 6],
    ['1w over three years', '1w', 7 * 156, 156],
    ['15m over 30 days', '15m', 30, 30 * 96],
  ] as const) {
    const end = new Date(today / 1_000).toISOString();
    const start = interval === '1w' ? lastMonday(today, days) : from(days);
    const path = `/candles?symbol=BTCUSDT&interval=${interval}&start=${start}&end=${end}&limit=5000`;
    const cold: number[] = [];
    for (let run = 0; run < COLD_RUNS; run += 1) {
      cold.push(await store.withApi((url) => timed(`${url}${path}`, candlesOf, rows)));
    }
    const warm = await store.withApi(async (url) => {
      const values: number[] = [];
      for (let run = 0; run < WARM_RUNS; run += 1) values.push(await timed(`${url}${path}`, candlesOf, rows));
      return values.slice(WARM_RUNS / 10);
    });
    for (const [state, values] of Object.entries({ cold, warm })) {
      figures.push({
        what: `/candles ${what} (${rows} candles), ${state}`,
        value: spread(values),
        against: '',
        measure: median(values),
        threshold: interval === '15m' && state === 'warm' ? { atMost: QUARTERS_AT_MOST_MS } : undefined,
      });
    }
  }
  return figures;
}

/** The Monday so many days before the end of the week that yesterday was in: the weeks from there on are as many as asked for. */
function lastMonday(today: number, days: number): string {
  const date = new Date(today / 1_000 - DAY_MINUTES * 60_000);
  const sinceMonday = (date.getUTCDay() + 6) % 7;
  return new Date(date.getTime() - (sinceMonday + days - 7) * DAY_MINUTES * 60_000).toISOString();
}

/** Times of the table, each after a commit. */
function tableTimes(url: string, path: string): () => Promise<number> {
  const database = new Database(path);
  const commit = database.prepare(
    `INSERT INTO process_status (process, updated_at, status) VALUES ('bench', ?, '{}')
     ON CONFLICT (process) DO UPDATE SET updated_at = excluded.updated_at`,
  );
  let count = 0;
  return () => {
    count += 1;
    commit.run(count);
    return timed(`${url}/bi/daily_ohlc.csv?symbol=BTCUSDT&days=91`, linesOf, 90);
  };
}

async function tableBySize(few: QueriedStore, many: QueriedStore): Promise<Figure> {
  return few.withApi((fewUrl) =>
    many.withApi(async (manyUrl) => {
      const [small, large] = [tableTimes(fewUrl, few.path), tableTimes(manyUrl, many.path)];
      const [smallTimes, largeTimes]: [number[], number[]] = [[], []];
      for (let run = 0; run < WARM_RUNS * 2; run += 1) {
        smallTimes.push(await small());
        largeTimes.push(await large());
      }
      const [peer, subject] = [median(smallTimes.slice(30)), median(largeTimes.slice(30))];
      return {
        what: `/bi/daily_ohlc.csv, 90 rows, not from the cache, ${MANY_MINUTES} stored minutes`,
        value: `${subject.toFixed(2)} ms`,
        against: `${FEW_MINUTES} stored minutes: ${peer.toFixed(2)} ms`,
        measure: subject / peer,
        threshold: { atMost: AT_MOST },
      };
    }),
  );
}

export function benchCandleQueries(): Promise<Figure[]> {
  return inNewFolder((fewFolder) =>
    inNewFolder(async (manyFolder) => {
      const group = new ProcessGroup();
      const today = Math.floor(Date.now() / 86_400_000) * DAY_MINUTES * MINUTE_MICROS;
      try {
        const few = new QueriedStore(fewFolder, group, SYMBOLS.slice(0, 1));
        const many = new QueriedStore(manyFolder, group, SYMBOLS);
        await few.fill(FEW_MINUTES, today);
        await many.fill(MANY_MINUTES, today);
        return [await tableBySize(few, many), ...(await candleQueries(many, today))];
      } finally {
        await group.stopAll();
      }
    }),
  );
}
