import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyKinds } from '@app/history';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';
import { FakeClock } from '@app/testing';
import { runCli } from '../support/run-cli';
import { exchangeKlines } from '../support/exchange-klines';
import { getJson } from '../support/http';
import { Stack } from '../support/stack';
import { storedMinutes } from '../support/stored-history';

const MINUTE_MS = 60_000;

/** Commands on a store that nobody captures into: what is missing, filling it, and why it cannot be filled. */
describe('cli gaps and repair', () => {
  const stack = new Stack();
  let now: number;
  let start: number;

  beforeAll(async () => {
    const { process } = await stack.startSimulator();
    const { origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`);
    now = await stack.marketTime();
    start = Math.floor(now / MINUTE_MS) * MINUTE_MS - 180 * MINUTE_MS;
    const store = await WriteStore.open({
      databasePath: stack.databasePath,
      rawDir: stack.rawDir,
      kinds: historyKinds('crypto_prices'),
      clock: new FakeClock(now * 1_000),
      logger: createLogger('silent', 'test'),
      metrics: new MetricsRegistry(),
    });
    const frame = { symbol: 'BTCUSDT', ledgerStart: start * 1_000, trackedSince: (start + 60 * MINUTE_MS) * 1_000 };
    await store.history.track(frame, origin);
    await store.close();
    await process.stop();
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should list what nobody has asked for', async () => {
    const { code, output } = await runCli(stack, 'gaps');
    expect(output).toMatch(/^BTCUSDT {2}\S+ {2}\S+ +\d+ {2}not asked for yet$/m);
    expect(output).toMatch(/^\d+ minutes are missing in 1 gaps of 1 symbols$/m);
    expect(code).toBe(0);
  });

  it('should fail, and keep the reason, while the exchange is away', async () => {
    const { code, output } = await runCli(stack, 'repair');
    expect(output).toContain('cli: ');
    expect(code).toBe(1);
    expect((await runCli(stack, 'gaps')).output).toContain('unreachable: ');
  });

  it('should fill the gaps with the candles of the exchange and then find none', async () => {
    await stack.startSimulator();
    const { code, output } = await runCli(stack, 'repair', '--symbols', 'btcusdt');
    expect(output).toMatch(/^BTCUSDT +\d+ +\d+ +0$/m);
    expect(code).toBe(0);
    const minutes = await storedMinutes(stack);
    const stored = minutes.map(({ openTime, close, volume }) => [openTime, close, volume]);
    const klines = await exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', start, now - 4 * MINUTE_MS);
    expect(klines.length).toBeGreaterThan(170);
    expect(stored.slice(0, klines.length)).toEqual(klines.map((row) => [row[0] * 1_000, row[4], row[5]]));
    expect((await runCli(stack, 'repair')).output).toMatch(/^BTCUSDT +\d +\d +0$/m);
    expect((await runCli(stack, 'gaps', '--to', new Date(now - 4 * MINUTE_MS).toISOString())).output).toBe(
      '0 minutes are missing in 0 gaps of 1 symbols\n',
    );
  });

  it('should name the option, the value and what is allowed', async () => {
    const unknown = await runCli(stack, 'repair', '--symbols', 'NOPEUSDT');
    expect(unknown.output).toBe(
      'cli: --symbols="NOPEUSDT" is not allowed; expected symbols that the store knows: BTCUSDT\n',
    );
    expect(unknown.code).toBe(2);
    const surplus = await runCli(stack, 'gaps', 'BTCUSDT');
    expect(surplus.output).toBe("error: too many arguments for 'gaps'. Expected 0 arguments but got 1.\n");
    expect(surplus.code).toBe(2);
    const nowhere = await runCli(stack, 'export', '--out', '/no/such/folder/x.csv');
    expect(nowhere.output).toBe(
      'cli: --out="/no/such/folder/x.csv" is not allowed; expected a file in a folder that is there\n',
    );
    expect(nowhere.code).toBe(2);
    const reversed = await runCli(stack, 'gaps', '--from', '2026-01-02', '--to', '2026-01-01');
    expect(reversed.output).toContain('--to="2026-01-01" is not allowed; expected a time after --from');
    expect(reversed.code).toBe(2);
  });

  it('should say in one line which file is no database', async () => {
    writeFileSync(join(stack.folder, 'notes.txt'), 'no database at all');
    const process = await stack.launch('cli', { STORAGE_PATH: join(stack.folder, 'notes.txt') }, ['repair']);
    expect(await process.exited()).toBe(1);
    expect(process.output).toMatch(
      /^cli: STORAGE_PATH=".*notes\.txt": the database is damaged: its file is not one of SQLite; `cli rebuild` makes it anew from the raw files\n$/,
    );
  });
});

/** A mistyped path, or the wrong working directory, must not leave an empty store that later passes for the history. */
describe('commands that need a store, where there is none', () => {
  const stack = new Stack();

  afterAll(async () => {
    await stack.close();
  });

  it.each(['repair', 'gaps', 'export', 'bi-build', 'verify-bi', 'compact', 'retain'])(
    'should fail naming the path, and leave nothing behind: %s',
    async (command) => {
      const { code, output } = await runCli(stack, command);
      expect(output).toBe(
        `cli: STORAGE_PATH=${JSON.stringify(stack.databasePath)}: there is no database yet: nothing has been captured\n`,
      );
      expect(code).toBe(1);
      expect(readdirSync(stack.folder)).toEqual([]);
    },
  );

  it('should make no empty database anew where there are no raw files', async () => {
    const { code, output } = await runCli(stack, 'rebuild');
    expect(output).toBe(
      `cli: RAW_DIR=${JSON.stringify(stack.rawDir)} is not there: a database is made anew from the raw files in it\n`,
    );
    expect(code).toBe(1);
    expect(readdirSync(stack.folder)).toEqual([]);
  });
});
