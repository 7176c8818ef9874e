import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DAY, HOUR, MINUTE, type FetchedMinutes, type OutgoingEvent } from '@app/domain';
import { ArchiveIdentityError } from '@app/bronze';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { NOON, ORIGIN, TestStore, candleEvent, priceEvent } from '../support/test-store';

const PRICES = 'crypto_prices_2026-01-15.jsonl';
const CANDLES = 'crypto_candles_2026-01-15.jsonl';

const values = (events: readonly OutgoingEvent[]): string[] => events.map(({ value }) => value);

function poll(number: number): OutgoingEvent[] {
  return ['BTCUSDT', '币安人生USDT'].map((symbol) => priceEvent(symbol, NOON + number * 1_000_000));
}

function minute(number: number, changes: Parameters<typeof buildMinute>[2] = {}): OutgoingEvent {
  return candleEvent(buildMinute('BTCUSDT', NOON + number * MINUTE, changes));
}

function fetchOf(symbol: string, start: number, end: number): FetchedMinutes {
  const length = (end - start) / MINUTE;
  return {
    kind: 'backfill',
    origin: ORIGIN,
    symbol,
    range: { start, end },
    candles: Array.from({ length }, (_, index) => buildMinute(symbol, start + index * MINUTE)),
    leftOut: [],
    fetchedAt: NOON,
  };
}

/** Tables whose rows follow from the lines alone. */
const TABLES = [
  'price_events',
  'ticker_days',
  'candles_1m',
  'candle_revisions',
  'candles_1h',
  'candles_1d',
  'coverage',
];

function contents(store: TestStore): Record<string, unknown[]> {
  return Object.fromEntries(TABLES.map((table) => [table, store.rows(`SELECT * FROM ${table}`)]));
}

describe('taking up bronze after a stop', () => {
  const stores: TestStore[] = [];

  function create(store = new TestStore()): TestStore {
    stores.push(store);
    return store;
  }

  /** The database as after its loss: nothing of it is left. */
  function loseDatabase(store: TestStore): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${suffix}`, { force: true });
  }

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.dispose();
  });

  it('should keep what was reported as taken when the process is killed', async () => {
    const store = create();
    await store.open();
    await store.take(...poll(0), minute(0));
    const after = create(store.killed());
    await after.open();
    expect(contents(after)).toEqual(contents(store));
    expect(after.linesOf('crypto_prices')).toEqual(values(poll(0)));
    expect(after.column('PRAGMA integrity_check')).toEqual(['ok']);
  });

  it('should lose and double nothing, at whichever byte of a unit the process is killed', async () => {
    const before = [...poll(0), minute(0), ...poll(1)];
    const unit = [...poll(2), minute(1), ...poll(3), minute(2)];
    const [unitPrices, unitCandles] = [
      unit.filter(({ kind }) => kind === 'price'),
      unit.filter(({ kind }) => kind === 'candle'),
    ];
    const text = (events: readonly OutgoingEvent[]): Buffer => Buffer.from(`${values(events).join('\n')}\n`);
    const [priceBytes, candleBytes] = [text(unitPrices), text(unitCandles)];
    const original = create();
    await original.open();
    await original.take(...before);

    await fc.assert(
      fc.asyncProperty(fc.nat(priceBytes.length + candleBytes.length), async (bytes) => {
        // Lines are appended topic by topic; the transaction with their rows was not committed.
        const store = create(original.killed());
        appendFileSync(store.bronzePath(PRICES), priceBytes.subarray(0, bytes));
        appendFileSync(store.bronzePath(CANDLES), candleBytes.subarray(0, Math.max(0, bytes - priceBytes.length)));
        await store.open();

        const [prices, candles] = [store.linesOf('crypto_prices'), store.linesOf('crypto_candles')];
        expect(
          values([...before, ...unitPrices].filter(({ kind }) => kind === 'price')).slice(0, prices.length),
        ).toEqual(prices);
        expect(store.column('SELECT count(*) FROM price_events')).toEqual([prices.length]);
        expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([candles.length]);
        expect(store.column('SELECT minutes FROM candles_1d')).toEqual([candles.length]);

        // What waits in the spool is offered again, whole.
        await store.take(...unit);
        expect(store.linesOf('crypto_prices')).toEqual(
          values([...before, ...unit].filter(({ kind }) => kind === 'price')),
        );
        expect(store.linesOf('crypto_candles')).toEqual(
          values([...before, ...unit].filter(({ kind }) => kind === 'candle')),
        );
        expect(store.column('SELECT count(*) FROM price_events')).toEqual([8]);
        expect(store.column('SELECT minutes FROM candles_1d')).toEqual([3]);
        await store.dispose();
      }),
      { numRuns: 25, examples: [[0], [priceBytes.length], [priceBytes.length + candleBytes.length]] },
    );
  });

  it('should go on where it was when it is killed while taking up lines', async () => {
    const store = create();
    await store.open();
    await store.take(...poll(0));
    await store.close();
    const lines = Array.from({ length: 2_600 }, (_, number) => poll(number + 1)).flat();
    appendFileSync(store.bronzePath(PRICES), `${values(lines).join('\n')}\n{"torn`);
    // The second of three units fails: the first is committed with its length.
    const database = new Database(store.databasePath);
    database.exec(`CREATE TRIGGER killed BEFORE UPDATE ON bronze_files
      WHEN (SELECT count(*) FROM price_events) > 3000 BEGIN SELECT RAISE(ABORT, 'killed'); END`);
    await expect(store.open()).rejects.toMatchObject({ message: 'killed' });
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([2_002]);
    database.exec('DROP TRIGGER killed');
    database.close();
    await store.open();
    expect(store.linesOf('crypto_prices')).toEqual(values([...poll(0), ...lines]));
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([5_202]);
  });

  it('should say which complete line is no event, leave it, and take those around it', async () => {
    const store = create();
    await store.open();
    await store.take(...poll(0));
    await store.close();
    appendFileSync(store.bronzePath(PRICES), `${poll(1)[0]!.value}\nnot an event\n${poll(1)[1]!.value}\n`);
    await store.open();
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([4]);
    expect(store.logged).toEqual(['a bronze line is not an event']);
    await store.reopen();
    expect(store.logged).toHaveLength(1);
    expect(store.linesOf('crypto_prices')).toHaveLength(5);
  });

  it('should make a lost database again from the lines, those of continued days in their order', async () => {
    const store = create();
    const opened = await store.open();
    await opened.history.track({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: NOON }, ORIGIN);
    await store.take(...poll(0), minute(0), minute(1, { tradeCount: 0 }), minute(2));
    await store.take(minute(0, { capturedAt: NOON + HOUR, volume: '3.5' }));
    await store.take(...poll(1), minute(30, { capturedAt: NOON + HOUR + 1 }));
    // The day goes on in other files, the tenth of which sorts before the second by name.
    for (let number = 1; number <= 11; number += 1) {
      const line = minute(40, { capturedAt: NOON + (number + 1) * HOUR, volume: `${number}` });
      writeFileSync(store.bronzePath(`crypto_candles_2026-01-15.${number}.jsonl`), `${line.value}\n`);
    }
    await store.reopen();
    const before = contents(store);
    expect(store.column('SELECT max(revision) FROM candles_1m')).toEqual([11]);
    const symbols = store.rows(
      'SELECT symbol, coalesce(tracked_since, first_captured_at) IS NULL AS untracked FROM symbols',
    );

    await store.close();
    loseDatabase(store);
    await store.open();
    // Without a fetch in the manifest the ledger's frame is that of the lines.
    expect(
      store.rows('SELECT symbol, coalesce(tracked_since, first_captured_at) IS NULL AS untracked FROM symbols'),
    ).toEqual(symbols);
    expect(contents(store)).toEqual(before);
    expect(store.column('SELECT value FROM store_facts WHERE name = ?', 'origin')).toEqual([ORIGIN]);
    await store.take(...poll(0), ...poll(1), minute(1, { tradeCount: 0 }));
    expect(contents(store)).toEqual(before);
  });

  it('should keep the manifest when the database is lost, and count what was fetched as missing from then on', async () => {
    const store = create();
    const opened = await store.open();
    const start = NOON - DAY;
    await opened.history.track({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: start }, ORIGIN);
    await opened.history.saveFetched(fetchOf('BTCUSDT', start, start + HOUR));
    await opened.history.saveFetched(fetchOf('BTCUSDT', start + HOUR, start + 2 * HOUR));
    await store.take(minute(0));
    const manifest = readFileSync(store.bronzePath('fetches.jsonl'), 'utf8');
    await store.close();
    loseDatabase(store);
    appendFileSync(store.bronzePath('fetches.jsonl'), '{"kind":"back');

    const { history } = await store.open();
    expect(readFileSync(store.bronzePath('fetches.jsonl'), 'utf8')).toBe(manifest);
    expect(await history.tracked('BTCUSDT')).toEqual({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: start });
    expect(await history.missing('BTCUSDT', { start, end: NOON + MINUTE })).toEqual([{ start, end: NOON }]);
    await history.saveFetched(fetchOf('BTCUSDT', start, start + HOUR));
    expect(store.bronzeLines('fetches.jsonl')).toHaveLength(4);
    expect(readFileSync(store.bronzePath('fetches.jsonl'), 'utf8').startsWith(manifest)).toBe(true);
  });

  it('should write the line of a candle that repeated one at once, and not again when what was fetched came between them', async () => {
    const store = create();
    const { history } = await store.open();
    const live = [minute(0), minute(0, { capturedAt: NOON + HOUR })];
    await store.take(...live);
    await store.take(...live);
    expect(store.linesOf('crypto_candles')).toEqual(values(live));
    const between = buildMinute('BTCUSDT', NOON, { capturedAt: NOON + 2 * MINUTE, volume: '3.5' });
    const fetched = { ...fetchOf('BTCUSDT', NOON, NOON + MINUTE), candles: [between] };
    await history.saveFetched(fetched);
    expect(store.linesOf('crypto_candles')).toEqual(values(live));

    const before = contents(store);
    await store.close();
    loseDatabase(store);
    const again = await store.open();
    await again.history.saveFetched(fetched);
    expect(contents(store)).toEqual(before);
    expect(store.column('SELECT revision FROM candles_1m')).toEqual([3]);
  });

  it.each([
    ['what was fetched', true],
    ['what was captured live', false],
  ])(
    'should write the line of a repeat that an earlier version kept without one when %s comes between',
    async (_, isFetched) => {
      const store = create();
      const { history } = await store.open();
      await store.take(minute(0));
      const database = new Database(store.databasePath);
      const columns = database
        .prepare<[], string>(
          "SELECT name FROM pragma_table_info('candle_repeats') WHERE name NOT IN ('recorded', 'captured_at')",
        )
        .pluck()
        .all()
        .join(', ');
      database
        .prepare(`INSERT INTO candle_repeats (${columns}, captured_at) SELECT ${columns}, ? FROM candles_1m`)
        .run(NOON + HOUR);
      database.close();
      const repeat = minute(0, { capturedAt: NOON + HOUR });
      await store.take(minute(0, { capturedAt: NOON + 2 * HOUR }), repeat);
      const lines = values([minute(0), minute(0, { capturedAt: NOON + 2 * HOUR })]);
      expect(store.linesOf('crypto_candles')).toEqual(lines);
      const between = { capturedAt: NOON + 2 * MINUTE, volume: '3.5' };
      if (isFetched) {
        const candles = [buildMinute('BTCUSDT', NOON, between)];
        await history.saveFetched({ ...fetchOf('BTCUSDT', NOON, NOON + MINUTE), candles });
      } else await store.take(minute(0, between));
      const live = isFetched ? [repeat] : [repeat, minute(0, between)];
      expect(store.linesOf('crypto_candles')).toEqual([...lines, ...values(live)]);
      expect(store.column('SELECT captured_at FROM candle_repeats')).toEqual([NOON + 2 * HOUR]);
    },
  );

  it('should cut the line of a fetch whose rows were not committed', async () => {
    const store = create();
    const { history } = await store.open();
    await history.saveFetched(fetchOf('BTCUSDT', NOON - HOUR, NOON));
    const manifest = readFileSync(store.bronzePath('fetches.jsonl'), 'utf8');
    await store.close();
    appendFileSync(store.bronzePath('fetches.jsonl'), manifest);
    await store.open();
    expect(readFileSync(store.bronzePath('fetches.jsonl'), 'utf8')).toBe(manifest);
  });

  it('should neither lose nor double anything when archive.json is lost', async () => {
    const store = create();
    const { history } = await store.open();
    await history.saveFetched(fetchOf('BTCUSDT', NOON - HOUR, NOON));
    await store.take(...poll(0), minute(0));
    const [before, manifest] = [contents(store), store.bronzeLines('fetches.jsonl')];
    await store.close();
    rmSync(store.bronzePath('archive.json'));
    await store.open();
    await store.take(...poll(0), ...poll(1));
    expect(store.linesOf('crypto_prices')).toEqual(values([...poll(0), ...poll(1)]));
    expect(store.bronzeLines('fetches.jsonl')).toEqual(manifest);
    expect(contents(store)['candles_1m']).toEqual(before['candles_1m']);
    expect(JSON.parse(readFileSync(store.bronzePath('archive.json'), 'utf8'))).toMatchObject({ origin: ORIGIN });
  });

  it.each(['', '{"writer_id":', '[]', '{"writer_id":7}', '{"writer_id":"a","origin":1}', 'null'])(
    'should not guess whose lines these are when archive.json is %j',
    async (text) => {
      const store = create();
      await store.open();
      await store.take(...poll(0));
      await store.close();
      writeFileSync(store.bronzePath('archive.json'), text);
      await expect(store.open()).rejects.toThrow(ArchiveIdentityError);
      expect(store.linesOf('crypto_prices')).toEqual(values(poll(0)));
    },
  );
});
