import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeManifest, type BackupManifest } from '@app/backup';
import { eventually, type AppProcess } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { runCli, type CommandOutcome } from '../support/run-cli';
import { getCsv, getJson, getText } from '../support/http';

/** Two days that are over: the one before capture began, and the one in which it did. */
const RANGE = 'start=2026-11-19&end=2026-11-21';
const TABLES = ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'daily_metrics', 'data_quality'];
const SYMBOLS = 6;
/** What lies beside a database in use. */
const DATABASE_SUFFIXES = ['-wal', '-shm'];
const WAL_BOUND = 32 * 1_048_576;
/** In which the -wal has to be short again, from the end of a backup on. */
const WAL_LIMIT_MS = 60_000;
const MANIFEST_OF_ANOTHER_STORE: Omit<BackupManifest, 'format'> = {
  made_at: '2026-11-21T00:00:10.000Z',
  version: '1.2.3',
  migrations: ['InitialSchema1764000000000'],
  writer_id: 'another',
  files: [
    {
      kind: 'database',
      name: 'app.db',
      stored_as: 'app.db.zst',
      encoding: 'zstd',
      bytes: 0,
      sha256: '0'.repeat(64),
      content_bytes: 0,
      content_sha256: '0'.repeat(64),
    },
  ],
  damaged: [],
};

interface Backups {
  readonly newest_at: string | null;
  readonly is_running: boolean;
  readonly last_failure: { readonly reason: string } | null;
}

interface Health {
  readonly reasons: readonly string[];
  readonly processes: { readonly standalone: { readonly status: { readonly backups: Backups } } };
}

/** A capturing process under the load of a fast market and of an import beside it. */
describe('backup', () => {
  const load = new CaptureLoad('standalone-app', { BACKFILL_DAYS: '2' });
  const { stack } = load;
  const backups = join(stack.folder, 'backups');
  const settings = { BACKUP_DIR: backups, BACKUP_AT: '00:00', BACKUPS_KEPT: '1' };
  const backup = join(stack.folder, 'by-hand');
  let url: string;
  /** What the capturing process served of the days that are over. */
  let served: string[];

  const becomes = (what: string, probe: () => Promise<boolean>): Promise<unknown> =>
    eventually(what, async () => ((await probe()) ? true : undefined));
  const health = (): Promise<Health> => getJson<Health>(`${url}/health`);
  const state = async (): Promise<Backups> => (await health()).processes.standalone.status.backups;
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await getText(`${url}/metrics`))?.[1] ?? NaN);

  async function tables(): Promise<string[]> {
    const bodies: string[] = [];
    for (const table of TABLES) bodies.push(await getText(`${url}/bi/${table}.csv?${RANGE}`));
    return bodies;
  }

  const placesIn = (folder: string): Record<string, string> => ({
    STORAGE_PATH: join(stack.folder, folder, 'app.db'),
    RAW_DIR: join(stack.folder, folder, 'raw'),
  });

  async function cliIn(folder: string, ...args: string[]): Promise<CommandOutcome> {
    const process = await stack.launch('cli', placesIn(folder), args);
    return { code: await process.exited(), output: process.output };
  }

  /** The tables as an API serves them that has another store. */
  async function tablesOf(folder: string): Promise<string[]> {
    const api = await stack.start('api-app', placesIn(folder));
    await api.answers(`${url}/readyz`);
    const bodies = await tables();
    await api.stop();
    return bodies;
  }

  beforeAll(async () => {
    await load.startExchange();
    url = await stack.urlOf('standalone-app');
  });

  afterAll(async () => {
    await load.close();
  });

  it('should be tried again, and said in /health, where it cannot be written', async () => {
    writeFileSync(join(stack.folder, 'file'), '');
    const app = await load.launch({ ...settings, BACKUP_DIR: join(stack.folder, 'file/backups') });
    await app.answers(`${url}/livez`);
    await becomes('the failure is told', async () =>
      (await health()).reasons.some((reason) =>
        /^standalone: the daily backup failed: the last try at .*Z, it ended with 1; the log says why/.test(reason),
      ),
    );
    expect(await state()).toMatchObject({ newest_at: null, last_failure: { reason: expect.any(String) as string } });
    expect(await metric('csp_backup_failures_total')).toBeGreaterThan(0);
    expect(await metric('csp_backup_last_made_timestamp_seconds')).toBe(0);
    expect(await app.stop()).toBe(0);
  });

  describe('of a store in use', () => {
    let app: AppProcess;
    /** Newer than what was due: of another store, and of nobody. */
    const others = ['2026-11-21T000010Z', '2026-11-21T000020Z'] as const;

    beforeAll(async () => {
      for (const name of others) mkdirSync(join(backups, name), { recursive: true });
      writeManifest(join(backups, others[0]), MANIFEST_OF_ANOTHER_STORE);
      app = await load.launch(settings);
      await app.answers(`${url}/readyz`);
    });

    afterAll(async () => {
      await app.stop();
    });

    it('should be made at its time, by the process that keeps the history, whatever others have in the folder', async () => {
      await becomes('that of the day is there', async () => {
        const { newest_at: newest, is_running: isRunning } = await state();
        return !isRunning && newest !== null;
      });
      const { newest_at: newest } = await state();
      const name = newest?.replaceAll(':', '') ?? '';
      expect(readdirSync(backups).sort()).toEqual([...others, name].sort());
      expect(others).not.toContain(name);
      expect(await metric('csp_backup_last_made_timestamp_seconds')).toBe(Date.parse(newest ?? '') / 1_000);
      expect(await metric('csp_backup_duration_seconds')).toBeGreaterThan(0);
      expect(await runCli(stack, 'restore', '--check', '--from', join(backups, name))).toMatchObject({ code: 0 });
    });

    it('should be made under full write load (28)', async () => {
      await becomes('the days that are over are final', async () => {
        const rows = await getCsv(`${url}/bi/daily_ohlc.csv?${RANGE}`);
        return rows.length === 2 * SYMBOLS && rows.every(({ is_final: isFinal }) => isFinal === 'true');
      });
      served = await tables();
      // Of other symbols: days before would change what later days say of the last thirty.
      const writing = runCli(stack, 'backfill', '--symbols', 'ADAUSDT,DOGEUSDT,LTCUSDT', '--days', '20');
      const { code, output } = await runCli(stack, 'backup', '--to', backup);
      expect([code, output]).toEqual([
        0,
        expect.stringMatching(/by-hand is the store as of .*: the database and \d+ raw files/),
      ]);
      // File by file, as `cp -r` does beside a process that writes.
      const copied = join(stack.folder, 'copied');
      cpSync(stack.databasePath, join(copied, 'app.db'));
      cpSync(stack.rawDir, join(copied, 'raw'), { recursive: true });
      expect(await writing).toMatchObject({ code: 0 });
      for (const suffix of DATABASE_SUFFIXES) cpSync(`${stack.databasePath}${suffix}`, join(copied, `app.db${suffix}`));
      await eventually(
        'the -wal is small again',
        async () => (await metric('csp_sqlite_wal_bytes')) < WAL_BOUND || undefined,
        WAL_LIMIT_MS,
      );
      expect(await tables()).toEqual(served);
    });
  });

  it('should be restored to the same bytes of tables and raw files (28)', async () => {
    expect(await cliIn('restored', 'restore', '--from', backup)).toMatchObject({ code: 0 });
    expect(await tablesOf('restored')).toEqual(served);
    const { RAW_DIR: restored = '' } = placesIn('restored');
    const files = readdirSync(restored).filter((name) => name.endsWith('.jsonl'));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const bytes = readFileSync(join(restored, file));
      expect(readFileSync(join(stack.rawDir, file)).subarray(0, bytes.length).equals(bytes)).toBe(true);
    }
    expect(await cliIn('restored', 'restore', '--from', backup)).toMatchObject({
      code: 1,
      output: expect.stringContaining('is there already, and a restore writes over nothing') as string,
    });
  });

  it('should be restored to a store that can be made anew', async () => {
    expect(await cliIn('restored', 'rebuild')).toMatchObject({ code: 0 });
    expect(await tablesOf('restored')).toEqual(served);
  });

  it('should be no plain copy, of which the raw files are worth a rebuild', async () => {
    for (const suffix of ['', ...DATABASE_SUFFIXES]) rmSync(join(stack.folder, `copied/app.db${suffix}`));
    expect(await cliIn('copied', 'rebuild')).toMatchObject({ code: 0 });
    expect(await tablesOf('copied')).toEqual(served);
  });

  it.each([
    [
      'cut off',
      (folder: string) => {
        rmSync(join(folder, 'manifest.json'));
      },
      'is cut off: it has no manifest.json',
    ],
    ['altered', alterOneByte, 'was altered: app.db.zst does not have the SHA-256'],
  ] as const)('should be refused by name where it was %s', async (_, spoil, message) => {
    const folder = join(stack.folder, 'spoilt');
    cpSync(backup, folder, { recursive: true });
    spoil(folder);
    expect(await cliIn('refused', 'restore', '--from', folder)).toEqual({
      code: 1,
      output: expect.stringContaining(message) as string,
    });
    expect(readdirSync(stack.folder)).not.toContain('refused');
    rmSync(folder, { recursive: true });
  });
});

function alterOneByte(folder: string): void {
  const path = join(folder, 'files/app.db.zst');
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  writeFileSync(path, bytes);
}
