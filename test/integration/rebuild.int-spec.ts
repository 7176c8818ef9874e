import {
  appendFileSync,
  existsSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Test } from '@nestjs/testing';
import { CaptureModule, RebuildHistoryUseCase, type RebuildReport } from '@app/capture';
import {
  ARCHIVE_SOURCE,
  candlesOutside,
  DAY,
  ExchangeError,
  formatDate,
  HOUR,
  MINUTE,
  OriginMismatchError,
  type ImportedDay,
  type LeftOutMinutes,
  type MinuteCandle,
} from '@app/domain';
import { CaptureOwnerError, ConsumerStore, SqliteRebuildStore, StoreInUseError, WriteStore } from '@app/storage';
import { buildMinute, FakePorts, rowsSha256Of } from '@app/testing';
import Database from 'better-sqlite3';
import { readTables } from '../support/history-tables';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../support/test-store';

const TODAY = NOON - 12 * HOUR;
const [FETCHED_DAY, ARCHIVED_DAY, IMPORTED_DAY] = [TODAY - DAY, TODAY - 2 * DAY, TODAY - 3 * DAY];
const IMPORTED_FILE = 'BTCUSDT-1m-2026-01-12.zip';

const minutes = (start: number, count: number, changes: Partial<MinuteCandle> = {}): MinuteCandle[] =>
  Array.from({ length: count }, (_, index) => buildMinute('BTCUSDT', start + index * MINUTE, changes));

describe('making the database anew', () => {
  const stores: TestStore[] = [];
  let ports: FakePorts;

  beforeEach(() => {
    ports = FakePorts.at(NOON + DAY, { SYMBOLS: 'BTCUSDT,ETHUSDT' });
    ports.exchange.listedAt = IMPORTED_DAY;
    // An hour in which nothing exists.
    ports.exchange.has = (_, time) => time < FETCHED_DAY + HOUR || time >= FETCHED_DAY + 2 * HOUR;
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.dispose();
  });

  const fileFacts = {
    name: IMPORTED_FILE,
    symbol: 'BTCUSDT',
    bytes: 1_000,
    sha256: 'a'.repeat(64),
    checksum: 'absent',
  } as const;

  function dayOf(kind: 'archive' | 'import', start: number): ImportedDay {
    const range = { start, end: start + DAY };
    const fetchedAt = NOON + HOUR;
    const candles = minutes(start, 1_440, { source: ARCHIVE_SOURCE, capturedAt: fetchedAt });
    const end = { rows: candles.length, duplicates: 0, leftOut: [], range, rowsSha256: rowsSha256Of(candles) };
    return {
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range,
      candles,
      leftOut: [],
      fetchedAt,
      file: { kind, facts: fileFacts, end },
    };
  }

  /** Fetches pages of the exchange as the backfill does. */
  async function backfill({ history }: WriteStore): Promise<void> {
    for (const start of [FETCHED_DAY, FETCHED_DAY + 12 * HOUR]) {
      const range = { start, end: start + 12 * HOUR };
      const { data: candles, receivedAt } = await ports.exchange.minuteCandles('BTCUSDT', range);
      await history.saveFetched({
        kind: 'backfill',
        origin: ORIGIN,
        symbol: 'BTCUSDT',
        range,
        candles,
        leftOut: [],
        fetchedAt: receivedAt,
      });
    }
    await history.markStopped('BTCUSDT', [{ start: FETCHED_DAY + HOUR, end: FETCHED_DAY + 2 * HOUR }]);
  }

  /** A store with everything that can be in one, at rest. */
  async function filled(): Promise<TestStore> {
    const store = new TestStore();
    stores.push(store);
    const opened = await store.open();
    const { history } = opened;
    await history.track({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: FETCHED_DAY }, ORIGIN);
    await backfill(opened);
    await history.extendLedger('BTCUSDT', IMPORTED_DAY, ORIGIN);
    const archived = dayOf('archive', ARCHIVED_DAY);
    ports.archive.put('BTCUSDT', ARCHIVED_DAY, { candles: archived.candles, origin: ORIGIN });
    await history.saveDay(archived);
    const imported = dayOf('import', IMPORTED_DAY);
    ports.files.files.set(`/imports/${IMPORTED_FILE}`, { symbol: 'BTCUSDT', days: [imported] });
    await history.saveDay(imported);
    // Live minutes, one late, one revised and revised back; and prices of two days.
    await store.take(...minutes(NOON, 5).map(candleEvent), priceEvent('BTCUSDT', NOON), priceEvent('ETHUSDT', NOON));
    await store.take(...minutes(NOON + 5 * MINUTE, 1, { capturedAt: NOON + HOUR }).map(candleEvent));
    for (const [capturedAt, volume] of [
      [NOON + HOUR, '3.5'],
      [NOON + 2 * HOUR, '2.00'],
    ] as const) {
      await store.take(
        ...minutes(NOON, 1, { capturedAt, volume }).map(candleEvent),
        priceEvent('BTCUSDT', capturedAt - DAY),
      );
    }
    const { data } = await ports.exchange.symbols(['BTCUSDT', 'ETHUSDT']);
    await history.saveSymbols(data, ORIGIN);
    for (const { symbol } of data) await history.saveFirstMinute(symbol, IMPORTED_DAY, ORIGIN);
    await store.close();
    return store;
  }

  function everything(store: TestStore): Record<string, unknown[]> {
    const events = ['price_events', 'ticker_days'].map((table) => [table, store.rows(`SELECT * FROM ${table}`)]);
    return { ...readTables(store.databasePath), ...(Object.fromEntries(events) as Record<string, unknown[]>) };
  }

  async function rebuild(
    store: TestStore,
    { acceptLosses = false, signal = new AbortController().signal } = {},
  ): Promise<RebuildReport> {
    const rebuilt = await SqliteRebuildStore.open(store.options());
    const options = {
      process: 'test',
      capture: ['candles'] as const,
      imports: [ports.rebuildModule(rebuilt, rebuilt.history)],
    };
    const module = await Test.createTestingModule({ imports: [CaptureModule.rebuild(options)] }).compile();
    try {
      return await module
        .get(RebuildHistoryUseCase)
        .execute({ acceptLosses, importsFolder: '/imports' }, signal, () => undefined);
    } finally {
      await module.close();
      await rebuilt.close();
    }
  }

  it('should give the same rows as before, and go on from there', async () => {
    const store = await filled();
    const before = everything(store);
    expect(before['candle_revisions']).toHaveLength(2);
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(everything(store)).toEqual(before);
    expect(existsSync(`${store.databasePath}.rebuild`)).toBe(false);

    const { history } = await store.open();
    expect(store.logged).toEqual([]);
    await store.take(...minutes(NOON, 7).map(candleEvent));
    expect(store.column('SELECT count(*) FROM candles_1m WHERE open_time >= ?', NOON)).toEqual([7]);
    expect(await history.tracked('BTCUSDT')).toEqual({
      symbol: 'BTCUSDT',
      trackedSince: NOON,
      ledgerStart: IMPORTED_DAY,
    });
  });

  describe('should keep a live capture that only repeats a fetched minute', () => {
    const repeated = FETCHED_DAY + 5 * MINUTE;

    /** The minute as it was fetched. */
    async function fetchedMinute({ history }: WriteStore): Promise<MinuteCandle> {
      const [minute] = await history.minutes('BTCUSDT', { start: repeated, end: repeated + MINUTE });
      return minute!;
    }

    const repeatsOf = (store: TestStore): number[] =>
      store.column('SELECT captured_at FROM candle_repeats WHERE open_time = ?', repeated);

    it('in direct mode', async () => {
      const store = await filled();
      const fetched = await fetchedMinute(await store.open());
      const live = { ...fetched, capturedAt: fetched.capturedAt + MINUTE };
      expect(await store.take(candleEvent(live))).toEqual({ taken: 0, repeats: 1, revisions: 0 });
      const lines = store.linesOf('crypto_candles');
      // Delivered again it changes nothing.
      expect(await store.take(candleEvent(live))).toEqual({ taken: 0, repeats: 1, revisions: 0 });
      expect(store.linesOf('crypto_candles')).toEqual(lines);
      await store.close();
      const before = everything(store);
      expect(repeatsOf(store)).toEqual([live.capturedAt]);
      for (const isLost of [false, true]) {
        if (isLost) rmSync(store.databasePath);
        expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
        expect(everything(store)).toEqual(before);
      }
    });

    it('in the mode of a broker', async () => {
      const store = await filled();
      const fetched = await fetchedMinute(await store.open());
      await store.close();
      const values = [1, 2, 1].map((count) =>
        candleEvent({ ...fetched, capturedAt: fetched.capturedAt + count * MINUTE }),
      );
      const consumer = await ConsumerStore.open(store.options(), true);
      const claim = await consumer.sink.claim({ topic: 'crypto_candles', partition: 1 }, 'candle');
      await consumer.sink.start(claim, { kind: 'restart', offset: 0, clusterId: 'test' });
      const unit = { begin: 0, next: 3, lastHash: null, origin: ORIGIN, values: values.map(({ value }) => value) };
      expect(await consumer.sink.take(claim, unit)).toEqual({ taken: 0, repeats: 3, revisions: 0 });
      await consumer.close();
      const before = everything(store);
      expect(repeatsOf(store)).toEqual([1, 2].map((count) => fetched.capturedAt + count * MINUTE));
      expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
      expect(everything(store)).toEqual(before);
    });

    it.each([
      ['fetched before it', 1],
      ['fetched after it', -1],
    ])('so that an older capture with other numbers leaves the same version current, %s', async (_, later) => {
      const store = await filled();
      const fetched = await fetchedMinute(await store.open());
      const live = { ...fetched, capturedAt: fetched.capturedAt + later * MINUTE };
      await store.take(candleEvent(live));
      await store.close();
      const apart = store.killed();
      stores.push(apart);
      expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });

      const between = { ...fetched, capturedAt: fetched.capturedAt + (later * MINUTE) / 2, volume: '3.5' };
      for (const each of [store, apart]) {
        await each.open();
        expect(await each.take(candleEvent(between))).toEqual({ taken: 0, repeats: 0, revisions: 1 });
        await each.close();
        const last = {
          revision: 3,
          captured_at: Math.max(live.capturedAt, fetched.capturedAt),
          volume: fetched.volume,
        };
        const current = 'SELECT revision, captured_at, volume FROM candles_1m WHERE open_time = ?';
        expect(each.rows(current, repeated)).toEqual([last]);
      }
      expect(everything(store)).toEqual(everything(apart));
      expect(store.linesOf('crypto_candles')).toEqual(apart.linesOf('crypto_candles'));
      expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
      expect(everything(store)).toEqual(everything(apart));
    });
  });

  it('should give the same rows without the old database, a damaged one, and from compressed days', async () => {
    const store = await filled();
    const before = everything(store);
    rmSync(store.databasePath);
    expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
    expect(everything(store)).toEqual(before);

    writeFileSync(store.databasePath, 'no database at all');
    for (const file of store.bronzeFiles()) {
      writeFileSync(store.bronzePath(`${file}.gz`), gzipSync(readFileSync(store.bronzePath(file))));
      rmSync(store.bronzePath(file));
    }
    expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
    expect(everything(store)).toEqual(before);
  });

  it('should give minutes that came after they had been noted as stopped the same revisions, of lines and of fetches', async () => {
    const store = await filled();
    const { history } = await store.open();
    const [line, fetched] = [FETCHED_DAY + HOUR, FETCHED_DAY + HOUR + 5 * MINUTE];
    // One was captured before the note and waited in a spool; the other is fetched by a repair.
    await store.take(...minutes(line, 1).map(candleEvent));
    ports.exchange.has = (_, time) => time < FETCHED_DAY + HOUR || time >= FETCHED_DAY + 2 * HOUR || time === fetched;
    const range = { start: fetched, end: fetched + MINUTE };
    const { data: candles, receivedAt: fetchedAt } = await ports.exchange.minuteCandles('BTCUSDT', range);
    await history.saveFetched({
      kind: 'repair',
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range,
      candles,
      leftOut: [],
      fetchedAt,
    });
    await store.close();
    const before = everything(store);
    const revisions = (): unknown[] =>
      store.rows(
        'SELECT open_time, revision FROM candles_1m WHERE open_time >= ? AND open_time < ?',
        line,
        line + HOUR,
      );
    expect(revisions()).toEqual([
      { open_time: line, revision: 2 },
      { open_time: fetched, revision: 2 },
    ]);
    expect(store.column('SELECT revision FROM candles_1d WHERE open_time = ?', FETCHED_DAY)).toEqual([3]);
    // Each page gives what it gave then: the exchange has the minute for the repair alone.
    ports.exchange.fault = ({ range: asked }) => {
      const isRepair = asked?.start === fetched;
      ports.exchange.has = (_, time) => time < FETCHED_DAY + HOUR || time >= FETCHED_DAY + 2 * HOUR || isRepair;
      return undefined;
    };
    for (const isLost of [false, true]) {
      if (isLost) rmSync(store.databasePath);
      expect(await rebuild(store)).toMatchObject({ losses: [], isReplaced: true });
      expect(everything(store)).toEqual(before);
    }
  });

  it('should take over why minutes are missing and the days to fill as they are, and say where they are lost', async () => {
    const store = await filled();
    const notes = (...starts: number[]): void => {
      const database = new Database(store.databasePath);
      database.exec('DELETE FROM unfilled_ranges; DELETE FROM backfill_jobs');
      for (const start of starts) {
        database
          .prepare('INSERT INTO unfilled_ranges VALUES (?, ?, ?, ?, ?)')
          .run('BTCUSDT', start, TODAY + HOUR, 'unreachable: refused', NOON);
        database
          .prepare('INSERT INTO backfill_jobs VALUES (?, ?, ?, ?, ?, ?, ?)')
          .run('ETHUSDT', start, start, start + DAY, 'failed', 'no such day', NOON);
      }
      database.close();
    };
    const kept = (): unknown[] => [
      store.rows('SELECT * FROM unfilled_ranges'),
      store.rows('SELECT * FROM backfill_jobs'),
    ];
    // What an interrupted rebuild has copied is no longer so when it goes on.
    notes(TODAY);
    await rebuild(store, { signal: AbortSignal.abort() });
    notes(TODAY + MINUTE);
    const before = kept();
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(kept()).toEqual(before);

    rmSync(store.databasePath);
    expect(await rebuild(store)).toMatchObject({ isReplaced: true, notTakenOver: 'there was no old database' });
    expect(kept()).toEqual([[], []]);
    writeFileSync(store.databasePath, 'no database at all');
    expect((await rebuild(store)).notTakenOver).toMatch(/^the old database is not readable: /);
  });

  it('should take over API keys as they are at its end, the revoked ones too', async () => {
    const store = await filled();
    const change = (sql: string): void => {
      const database = new Database(store.databasePath);
      database.exec(sql);
      database.close();
    };
    const kept = (): unknown[] => store.rows('SELECT * FROM api_keys ORDER BY id');
    change(`INSERT INTO api_keys (name, sha256, created_at, expires_at, request_limit, revoked_at) VALUES
      ('one', 'aa', 1, NULL, 17, NULL), ('two', 'bb', 2, 3, NULL, NULL), ('two old', 'cc', 1, NULL, NULL, 2)`);
    await rebuild(store, { signal: AbortSignal.abort() });
    // One that was copied before an interruption may have been revoked since.
    change("UPDATE api_keys SET revoked_at = 9 WHERE name = 'one'");
    const before = kept();
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(kept()).toEqual(before);

    rmSync(store.databasePath);
    expect(await rebuild(store)).toMatchObject({ notTakenOver: 'there was no old database' });
    expect(kept()).toEqual([]);
  });

  it.each(['backfill', 'archive', 'import'] as const)(
    'should leave out again what was left out of a fetch by %s, although the source has it now',
    async (kind) => {
      const store = new TestStore();
      stores.push(store);
      const { history } = await store.open();
      const rows = (): unknown[] => {
        return Object.entries(everything(store)).filter(([table]) => !table.startsWith('symbol'));
      };
      const [start, broken, conflicting] = [ARCHIVED_DAY, ARCHIVED_DAY + 7 * HOUR, ARCHIVED_DAY + 9 * HOUR];
      const leftOut: LeftOutMinutes[] = [
        { start: broken, end: broken + MINUTE, reason: 'broken', detail: 'volume "1E+2"' },
        { start: conflicting, end: conflicting + 2 * MINUTE, reason: 'conflicting', detail: 'two rows' },
      ];
      const whole = dayOf(kind === 'backfill' ? 'archive' : kind, start);
      const candles = candlesOutside(whole.candles, leftOut);
      if (kind === 'backfill') {
        const range = { start: broken - HOUR, end: broken - HOUR + 1_000 * MINUTE };
        const { data, receivedAt: fetchedAt } = await ports.exchange.minuteCandles('BTCUSDT', range);
        const accepted = candlesOutside(data, leftOut);
        const fetch = { kind, origin: ORIGIN, symbol: 'BTCUSDT', range, candles: accepted, leftOut } as const;
        await history.saveFetched({ ...fetch, fetchedAt });
      } else {
        const facts = { ...fileFacts, name: `BTCUSDT-1m-${formatDate(start)}.zip` };
        const rowsSha256 = rowsSha256Of(candles);
        const end = { ...whole.file!.end, rows: candles.length, leftOut, rowsSha256 };
        await history.saveDay({ ...whole, candles, leftOut, file: { kind, facts, end } });
        ports.archive.put('BTCUSDT', start, { candles: whole.candles, origin: ORIGIN });
        ports.files.files.set(`/imports/${facts.name}`, { symbol: 'BTCUSDT', days: [whole] });
      }
      const missing = [
        { start: broken, end: broken + MINUTE },
        { start: conflicting, end: conflicting + 2 * MINUTE },
      ];
      const span = { start: broken - HOUR, end: broken + 8 * HOUR };
      expect(await history.missing('BTCUSDT', span)).toEqual(missing);
      expect(store.rows('SELECT start_time AS start, reason FROM unfilled_ranges ORDER BY start')).toEqual([
        { start: broken, reason: 'volume "1E+2"' },
        { start: conflicting, reason: 'two rows' },
      ]);
      const [line = ''] = store.bronzeLines('fetches.jsonl');
      expect(JSON.parse(line)).toMatchObject({
        kind,
        left_out: [
          { start: '2026-01-13T07:00:00Z', end: '2026-01-13T07:01:00Z', reason: 'broken' },
          { start: '2026-01-13T09:00:00Z', end: '2026-01-13T09:02:00Z', reason: 'conflicting' },
        ],
      });
      await store.close();

      const before = rows();
      expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
      expect(rows()).toEqual(before);
      const rebuilt = await store.open();
      expect(await rebuilt.history.missing('BTCUSDT', span)).toEqual(missing);
    },
  );

  it('should list what the source gives otherwise now, keep the old database, and put the new one in place when told to', async () => {
    const store = await filled();
    const before = everything(store);
    ports.exchange.changes.set(`BTCUSDT ${FETCHED_DAY + 3 * HOUR}`, { volume: '99' });
    ports.archive.fault = undefined;
    ports.archive.days.clear();
    const lost = [
      expect.objectContaining({ what: 'BTCUSDT', range: { start: FETCHED_DAY, end: FETCHED_DAY + 12 * HOUR } }),
      expect.objectContaining({ what: 'BTCUSDT', reason: 'archive: no such day' }),
    ];
    expect(await rebuild(store)).toEqual({ losses: lost, isReplaced: false });
    expect(everything(store)).toEqual(before);

    expect(await rebuild(store, { acceptLosses: true })).toEqual({ losses: lost, isReplaced: true });
    const [left] = store.column<number>('SELECT count(*) FROM candles_1m WHERE open_time < ?', FETCHED_DAY + 12 * HOUR);
    expect(left).toBe(1_440);
    expect(store.rows('SELECT start_time AS start, reason FROM unfilled_ranges ORDER BY start')).toEqual([
      { start: ARCHIVED_DAY, reason: 'archive not repeated: no such day' },
      { start: FETCHED_DAY, reason: 'backfill not repeated: the source gives other rows than it gave then' },
    ]);
    // What may have had rows is missing, and not stopped.
    expect(store.column('SELECT sum(stopped) FROM coverage_days')).toEqual([0]);
    const { history } = await store.open();
    expect(await history.missing('BTCUSDT', { start: FETCHED_DAY, end: TODAY })).toEqual([
      { start: FETCHED_DAY, end: FETCHED_DAY + 12 * HOUR },
    ]);
  });

  it('should go on where it was interrupted, and ask only for what could not be had before', async () => {
    const store = await filled();
    const before = everything(store);
    const abort = new AbortController();
    ports.exchange.fault = ({ method }) => {
      if (method === 'minuteCandles') abort.abort();
      return undefined;
    };
    expect(await rebuild(store, { signal: abort.signal })).toEqual({ losses: [], isReplaced: false });
    expect(everything(store)).toEqual(before);

    ports.exchange.fault = ({ method, range }) =>
      method === 'minuteCandles' && range?.start === FETCHED_DAY + 12 * HOUR
        ? new ExchangeError('unreachable', 'connection refused')
        : undefined;
    expect((await rebuild(store)).losses.map(({ reason }) => reason)).toEqual(['backfill: connection refused']);
    ports.exchange.fault = () => undefined;
    ports.exchange.calls.length = 0;
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(ports.exchange.calls.filter(({ method }) => method === 'minuteCandles')).toHaveLength(1);
    expect(everything(store)).toEqual(before);
  });

  it('should list raw files that are shorter than they were, or no longer readable', async () => {
    const store = await filled();
    const [first = '', ...others] = store.bronzeFiles();
    truncateSync(store.bronzePath(first), 10);
    const whole = gzipSync(readFileSync(store.bronzePath(others.at(-1) ?? '')));
    writeFileSync(store.bronzePath(`${others.at(-1)}.gz`), whole.subarray(0, whole.length - 20));
    const { losses, isReplaced } = await rebuild(store);
    expect(losses.map(({ what }) => what)).toEqual([first, `${others.at(-1)}.gz`]);
    expect(isReplaced).toBe(false);
  });

  it('should list lines that cannot be read, of raw files and of the manifest', async () => {
    const store = await filled();
    const [first = ''] = store.bronzeFiles();
    for (const [file, from] of [
      [first, '"symbol"'],
      ['fetches.jsonl', '"kind":"backfill"'],
    ] as const) {
      const text = readFileSync(store.bronzePath(file), 'utf8');
      writeFileSync(store.bronzePath(file), text.replace(from, from.replace(':', ';').replace('"s', ';s')));
    }
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${suffix}`, { force: true });
    const { losses, isReplaced } = await rebuild(store);
    expect(losses.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      expect.stringMatching(new RegExp(`^${first}: line 1 cannot be read: `)) as string,
      expect.stringMatching(/^fetches\.jsonl: line 2 cannot be read: it is no JSON$/) as string,
    ]);
    expect(isReplaced).toBe(true);
  });

  it('should list raw files whose bytes are others than the old database knows', async () => {
    const store = await filled();
    const [first = '', second = ''] = store.bronzeFiles();
    for (const file of [first, second]) {
      const text = readFileSync(store.bronzePath(file), 'utf8');
      writeFileSync(
        store.bronzePath(file),
        text.replace(/"(open|lastPrice)":"(\d)/, (_, name, digit) => `"${name}":"${9 - digit}`),
      );
    }
    const { losses, isReplaced } = await rebuild(store);
    const reason = 'altered outside this program: its lines may say something else than what was captured';
    expect(losses).toEqual([first, second].map((what) => ({ what, range: undefined, reason })));
    expect(isReplaced).toBe(false);
    expect((await rebuild(store, { acceptLosses: true })).isReplaced).toBe(true);
  });

  it('should take over what a database of an earlier version knows of losses', async () => {
    const store = await filled();
    const database = new Database(store.databasePath);
    database.exec(`
      ALTER TABLE topic_losses DROP COLUMN messages;
      ALTER TABLE topic_losses DROP COLUMN reason;
      ALTER TABLE bronze_files DROP COLUMN crc32;
      DROP TABLE bronze_losses;
      INSERT INTO topic_losses VALUES ('crypto_prices', 2, 1, 10, 25);
      INSERT INTO sink_progress VALUES ('crypto_prices', 2, 1, 30, NULL, 'cluster');
    `);
    database.close();
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(store.rows('SELECT * FROM topic_losses')).toEqual([
      {
        topic: 'crypto_prices',
        partition: 2,
        noticed_at: 1,
        from_offset: 10,
        to_offset: 25,
        reason: 'retention',
        messages: 15,
      },
    ]);
  });

  it('should replace the file that symbolic links lead to, and leave the links', async () => {
    const store = await filled();
    const before = everything(store);
    const link = join(store.folder, 'link.db');
    symlinkSync(store.databasePath, link);
    writeFileSync(store.databasePath, 'no database any more');
    const linked = Object.assign(Object.create(store) as TestStore, { databasePath: link });
    expect(await rebuild(linked)).toMatchObject({ losses: [], isReplaced: true });
    expect(readlinkSync(link)).toBe(store.databasePath);
    expect(everything(store)).toEqual(before);
  });

  it('should not begin while anybody else has the store, and take rows of no other origin', async () => {
    const store = await filled();
    const reader = new Database(store.databasePath, { readonly: true });
    reader.prepare('SELECT count(*) FROM candles_1m').get();
    await expect(rebuild(store)).rejects.toThrow(StoreInUseError);
    reader.close();
    await store.open();
    await expect(rebuild(store)).rejects.toThrow(CaptureOwnerError);
    await store.close();
    ports.exchange.origin = 'simulator:another';
    await expect(rebuild(store)).rejects.toThrow(OriginMismatchError);
  });

  it('should ask for a day of a monthly file in the monthly file', async () => {
    const store = new TestStore();
    stores.push(store);
    const { history } = await store.open();
    const day = dayOf('archive', ARCHIVED_DAY);
    const file = { ...day.file!, facts: { ...fileFacts, name: 'BTCUSDT-1m-2026-01.zip' } };
    await history.saveDay({ ...day, file });
    await store.close();
    const before = readTables(store.databasePath)['candles_1m'];
    ports.archive.put('BTCUSDT', ARCHIVED_DAY, { candles: day.candles, origin: ORIGIN });
    const [entry] = ports.archive.days;
    ports.archive.days.clear();
    ports.archive.daysOfMonths.set(...entry!);
    expect(await rebuild(store)).toEqual({ losses: [], isReplaced: true });
    expect(readTables(store.databasePath)['candles_1m']).toEqual(before);
  });

  it('should begin anew where what was begun belongs to another folder of raw files', async () => {
    const [one, other] = [await filled(), await filled()];
    const before = everything(other);
    ports.archive.days.clear();
    await rebuild(one);
    rmSync(`${other.databasePath}.rebuild`, { force: true });
    appendFileSync(`${other.databasePath}.rebuild`, readFileSync(`${one.databasePath}.rebuild`));
    const archived = dayOf('archive', ARCHIVED_DAY);
    ports.archive.put('BTCUSDT', ARCHIVED_DAY, { candles: archived.candles, origin: ORIGIN });
    expect(await rebuild(other)).toEqual({ losses: [], isReplaced: true });
    expect(everything(other)).toEqual(before);
  });
});
