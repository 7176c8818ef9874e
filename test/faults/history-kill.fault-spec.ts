import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCli } from '../support/run-cli';
import { readTables } from '../support/history-tables';
import { getJson } from '../support/http';
import { FAULT_SEED, faultRounds, Random } from '../support/randomness';
import { marketAt, Stack } from '../support/stack';
import { StoreBooks } from '../support/store-books';

const ROUNDS = faultRounds(6);

/** When something was captured or counted, which is no part of the history. */
const MOMENTS = new Set(['captured_at', 'changed_at', 'first_captured_at', 'noted_at', 'stopped_at', 'superseded_at']);

function history({ databasePath }: Stack): Record<string, unknown[]> {
  const withoutMoments = (row: unknown): unknown =>
    Object.fromEntries(Object.entries(row as object).filter(([column]) => !MOMENTS.has(column)));
  return Object.fromEntries(
    Object.entries(readTables(databasePath)).map(([table, rows]) => [table, rows.map(withoutMoments)]),
  );
}

/** What the manifest says was taken, each thing once: a file that was taken again is the same file. */
function manifest({ rawDir }: Stack): unknown[] {
  const lines = readFileSync(join(rawDir, 'fetches.jsonl'), 'utf8').trimEnd().split('\n');
  const taken = lines.map((line) => {
    const { kind, symbol, start, end, rows, sha256 } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ kind, symbol, start, end, rows, sha256 });
  });
  return [...new Set(taken)].sort();
}

describe(`SIGKILL of work on history at random moments (FAULT_SEED=${FAULT_SEED})`, () => {
  const random = new Random(FAULT_SEED);
  const [undisturbed, killed] = [new Stack({ CLOCK: 'simulator' }), new Stack({ CLOCK: 'simulator' })];
  const month = join(undisturbed.folder, 'files', 'BTCUSDT-1m-2026-02.zip');

  beforeAll(async () => {
    process.stdout.write(`history kill test: FAULT_SEED=${FAULT_SEED} FAULT_ROUNDS=${ROUNDS}\n`);
    const now = marketAt(new Date('2026-03-18T13:37:43Z'));
    const { url } = await undisturbed.startSimulator(['--clock-origin', now, '--weight-limit', '100000']);
    killed.exchangeUrl = url;
    // Days of all kinds: from daily files, partly from REST, from the monthly file, from REST alone, and with a stop.
    await undisturbed.setFaults([
      { kind: 'archive-truncated', symbol: 'ETHUSDT', end: '2026-01-10T07:36:00Z' },
      { kind: 'archive-absent', symbol: 'ETHUSDT', date: '2026-01-12' },
      { kind: 'archive-absent', symbol: 'ETHUSDT', date: '2026-02-01' },
      { kind: 'archive-absent', symbol: 'ETHUSDT', date: '2026-02' },
      { kind: 'absent', symbol: 'ETHUSDT', start: '2026-01-14T10:00:00Z', end: '2026-01-14T11:00:00Z' },
    ]);
    mkdirSync(join(undisturbed.folder, 'files'));
    const file = await fetch(`${url}/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2026-02.zip`);
    writeFileSync(month, Buffer.from(await file.arrayBuffer()));
  });

  afterAll(async () => {
    await killed.close();
    await undisturbed.close();
  });

  /**
   * Runs the command again and again, each time for a random while, and at last to its end. The first whiles are short: what
   * is done stays done, so a long one would leave nothing for those that follow. The last ones are as long as the whole work.
   */
  async function runWithKills(args: readonly string[], wholeMs: number): Promise<number> {
    let kills = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const command = await killed.launch('cli', {}, args);
      await delay(random.below((wholeMs * (round + 1)) / ROUNDS));
      if (command.isRunning) kills += 1;
      command.signal('SIGKILL');
      await command.exited();
    }
    expect(await runCli(killed, ...args)).toMatchObject({ code: 0 });
    return kills;
  }

  async function compare(args: readonly string[]): Promise<void> {
    const startedAt = performance.now();
    expect(await runCli(undisturbed, ...args)).toMatchObject({ code: 0 });
    const kills = await runWithKills(args, performance.now() - startedAt);
    process.stdout.write(`history kill test: ${args[0] ?? ''} was killed ${kills} times\n`);
    expect(kills).toBeGreaterThan(0);
    expect(history(killed)).toEqual(history(undisturbed));
    expect(manifest(killed)).toEqual(manifest(undisturbed));
    const books = new StoreBooks(killed);
    try {
      expect(books.problems()).toEqual([]);
    } finally {
      books.close();
    }
  }

  it('should leave the tables of an undisturbed import', async () => {
    const { origin } = await getJson<{ origin: string }>(`${undisturbed.exchangeUrl}/_simulator/origin`);
    await compare(['import', '--origin', origin, month]);
  }, 3_600_000);

  it('should leave the tables of an undisturbed backfill', async () => {
    await compare(['backfill', '--symbols', 'BTCUSDT,ETHUSDT', '--from', '2026-01-01', '--to', '2026-02-03']);
  }, 3_600_000);
});
