import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { ContractViolationError, HOUR, MINUTE, type OutgoingEvent } from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import { NOON, TestStore, batchOf, candleEvent, priceEvent } from '../support/test-store';

const DATE = '2026-01-15';
const PRICES = `crypto_prices_${DATE}.jsonl`;
const CANDLES = `crypto_candles_${DATE}.jsonl`;

const values = (events: readonly OutgoingEvent[]): string[] => events.map(({ value }) => value);

function prices(from: number, count: number, symbol = 'BTCUSDT'): OutgoingEvent[] {
  return Array.from({ length: count }, (_, index) => priceEvent(symbol, NOON + (from + index) * 1_000_000));
}

describe('the sink on a real store', () => {
  let store: TestStore;
  let opened: WriteStore;

  const priceTimes = (): number[] =>
    store.column<number>('SELECT timestamp FROM price_events ORDER BY timestamp, symbol');
  const storedLength = (file: string): number | undefined =>
    store.column<number>('SELECT length FROM bronze_files WHERE file = ?', file)[0];

  /** Changes the database as another program would. */
  function change(sql: string): void {
    const database = new Database(store.databasePath);
    database.exec(sql);
    database.close();
  }

  /** Bronze lines, rows and stored length say the same. */
  function expectPrices(events: readonly OutgoingEvent[]): void {
    expect(store.bronzeLines(PRICES)).toEqual(values(events));
    expect(priceTimes()).toEqual(events.map(({ capturedAt }) => capturedAt));
    expect(storedLength(PRICES)).toBe(statSync(store.bronzePath(PRICES)).size);
  }

  beforeEach(async () => {
    store = new TestStore();
    opened = await store.open();
  });

  afterEach(async () => {
    await store.dispose();
  });

  it('should make rows, roll-ups, ledger and bronze lines of a batch true in one step', async () => {
    const events = [
      priceEvent('BTCUSDT', NOON, { lastPrice: '2.50' }),
      priceEvent('币安人生USDT', NOON),
      priceEvent('BTCUSDT', NOON + 1, { lastPrice: '1.00000001' }),
      candleEvent(buildMinute('BTCUSDT', NOON, { high: '9.5' })),
      candleEvent(buildMinute('BTCUSDT', NOON + MINUTE, { tradeCount: 0 })),
    ];
    expect(await store.take(...events)).toEqual({ taken: 5, repeats: 0, revisions: 0 });

    expect(store.bronzeLines(PRICES)).toEqual(values(events.slice(0, 3)));
    expect(store.bronzeLines(CANDLES)).toEqual(values(events.slice(3)));
    expect(store.rows('SELECT file, length FROM bronze_files ORDER BY file')).toEqual(
      [CANDLES, PRICES].map((file) => ({ file, length: statSync(store.bronzePath(file)).size })),
    );
    expect(store.column('SELECT last_price FROM price_events WHERE symbol = ?', 'BTCUSDT')).toEqual([
      '2.50',
      '1.00000001',
    ]);
    expect(store.rows('SELECT symbol, open, high, low, close FROM ticker_days ORDER BY symbol')).toContainEqual({
      symbol: 'BTCUSDT',
      open: '2.50',
      high: '2.50',
      low: '1.00000001',
      close: '1.00000001',
    });
    for (const table of ['candles_1h', 'candles_1d']) {
      expect(store.rows(`SELECT high, volume, trade_count, minutes FROM ${table}`)).toEqual([
        { high: '9.5', volume: '4.00', trade_count: 1, minutes: 2 },
      ]);
    }
    expect(store.rows('SELECT state, start_time, end_time FROM coverage')).toEqual([
      { state: 'captured', start_time: NOON, end_time: NOON + MINUTE },
      { state: 'quiet', start_time: NOON + MINUTE, end_time: NOON + 2 * MINUTE },
    ]);
  });

  it('should take a repeat once, in one batch and in later ones', async () => {
    const events = prices(0, 3);
    expect(await store.take(...events, ...events)).toEqual({ taken: 3, repeats: 3, revisions: 0 });
    expect(await store.take(...events)).toEqual({ taken: 0, repeats: 3, revisions: 0 });
    const minute = candleEvent(buildMinute('BTCUSDT', NOON));
    expect(await store.take(minute, minute)).toEqual({ taken: 1, repeats: 1, revisions: 0 });
    expectPrices(events);
    expect(store.bronzeLines(CANDLES)).toEqual([minute.value]);
  });

  it('should take nothing and say what to do when another program has taken days out of the database', async () => {
    const events = prices(0, 25);
    await store.take(...events);
    change('DELETE FROM ticker_days');
    for (const some of [events.slice(0, 1), events]) await expect(store.take(...some)).rejects.toThrow(/cli rebuild/);
    expectPrices(events);
  });

  it('should keep what a revised minute said before, and bring hour, day and ledger to the new numbers', async () => {
    const first = buildMinute('BTCUSDT', NOON, { volume: '2.00' });
    const same = { ...first, volume: '2.0', capturedAt: first.capturedAt + 1 };
    const revised = { ...first, volume: '2.125', tradeCount: 0, capturedAt: first.capturedAt + 2 };
    await store.take(candleEvent(first));
    expect(await store.take(candleEvent(same))).toEqual({ taken: 0, repeats: 1, revisions: 0 });
    expect(await store.take(candleEvent(revised))).toEqual({ taken: 0, repeats: 0, revisions: 1 });

    expect(store.rows('SELECT revision, volume, captured_at FROM candles_1m')).toEqual([
      { revision: 2, volume: '2.125', captured_at: revised.capturedAt },
    ]);
    expect(store.rows('SELECT revision, volume, captured_at, superseded_at FROM candle_revisions')).toEqual([
      { revision: 1, volume: '2.00', captured_at: first.capturedAt, superseded_at: revised.capturedAt },
    ]);
    for (const table of ['candles_1h', 'candles_1d']) {
      expect(store.rows(`SELECT volume, revision, minutes FROM ${table}`)).toEqual([
        { volume: '2.125', revision: 2, minutes: 1 },
      ]);
    }
    expect(store.column('SELECT state FROM coverage')).toEqual(['quiet']);
    // What came again changes nothing; the repeat is kept in the tables, and so has its line.
    expect(await store.take(candleEvent(same))).toEqual({ taken: 0, repeats: 1, revisions: 0 });
    expect(store.bronzeLines(CANDLES)).toEqual(values([first, same, revised].map(candleEvent)));
  });

  it('should take nothing of a unit with a broken event', async () => {
    const [first, second] = prices(0, 2) as [OutgoingEvent, OutgoingEvent];
    for (const value of [
      '{"symbol":"BTCUSDT"}',
      'no JSON',
      `${second.value}\n`,
      second.value.replace('"68001.20"', '1'),
    ]) {
      await expect(store.take(first, { ...second, value })).rejects.toThrow(ContractViolationError);
    }
    expect(priceTimes()).toEqual([]);
    expect(store.bronzeFiles()).toEqual([]);
    await store.take(first);
    expectPrices([first]);
  });

  it('should take large batches in units, so that other writers get their turn', async () => {
    const events = prices(0, 4_500);
    const large = store.take(...events);
    const between = opened.processStatus.write({ process: 'test', updatedAt: 1, status: '{}' });
    expect(await Promise.race([large.then(() => 'batch'), between.then(() => 'other')])).toBe('other');
    expect(await large).toEqual({ taken: 4_500, repeats: 0, revisions: 0 });
    expectPrices(events);
  });

  it('should cut the lines of a unit that fails after they were appended, and lose nothing on the next try', async () => {
    const [before, batch, after] = [prices(0, 5), prices(5, 200), prices(205, 1)];
    const candle = candleEvent(buildMinute('BTCUSDT', NOON));
    await store.take(...before);
    change("CREATE TRIGGER no_room BEFORE UPDATE ON bronze_files BEGIN SELECT RAISE(ABORT, 'no room'); END");
    await expect(store.take(candle, ...batch)).rejects.toMatchObject({ message: 'no room' });
    expectPrices(before);
    expect(store.bronzeLines(CANDLES)).toEqual([]);
    expect(store.column('SELECT count(*) FROM candles_1d')).toEqual([0]);
    change('DROP TRIGGER no_room');
    expect(await store.take(candle, ...batch)).toEqual({ taken: 201, repeats: 0, revisions: 0 });
    await store.take(...after);
    expectPrices([...before, ...batch, ...after]);
    expect(store.bronzeLines(CANDLES)).toEqual([candle.value]);
  });

  it('should take nothing of either topic when the disk is full for the second file of a unit', async () => {
    const before = prices(0, 2);
    const unit = [...prices(2, 3), candleEvent(buildMinute('BTCUSDT', NOON))];
    await store.take(...before);
    symlinkSync('/dev/full', store.bronzePath(CANDLES));
    await expect(store.take(...unit)).rejects.toMatchObject({ code: 'ENOSPC' });
    expectPrices(before);
    expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([0]);
    // What has room goes on.
    await store.take(...unit.slice(0, 3));
    rmSync(store.bronzePath(CANDLES));
    expect(await store.take(...unit)).toEqual({ taken: 1, repeats: 3, revisions: 0 });
    expectPrices([...before, ...unit.slice(0, 3)]);
    expect(store.bronzeLines(CANDLES)).toEqual([unit.at(-1)?.value]);
  });

  it('should leave rows uncommitted while the bronze folder is away, and go on when it is back', async () => {
    const [before, batch] = [prices(0, 2), prices(2, 3)];
    await store.take(...before);
    renameSync(store.rawDir, `${store.rawDir}-away`);
    await expect(store.take(...batch)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(priceTimes()).toEqual(before.map(({ capturedAt }) => capturedAt));
    renameSync(`${store.rawDir}-away`, store.rawDir);
    await store.take(...batch);
    expectPrices([...before, ...batch]);
  });

  it('should keep its promise when failing and succeeding batches come together', async () => {
    const batches = Array.from({ length: 30 }, (_, number) => prices(number * 10, 10));
    const outcomes = await Promise.allSettled(
      batches.map((events, number) =>
        opened.sink.take(number % 4 === 1 ? { origin: 'binance', events } : batchOf(...events)),
      ),
    );
    const kept = batches.filter((_, number) => outcomes[number]?.status === 'fulfilled');
    expect(kept).toHaveLength(22);
    expectPrices(kept.flat());
  });

  it('should leave fetched minutes out of bronze, and their fetch in the manifest', async () => {
    const candles = Array.from({ length: 60 }, (_, index) => buildMinute('BTCUSDT', NOON - HOUR + index * MINUTE));
    const fetched = {
      kind: 'backfill' as const,
      origin: 'simulator:test',
      symbol: 'BTCUSDT',
      range: { start: NOON - HOUR, end: NOON },
      candles,
      leftOut: [],
      fetchedAt: NOON,
    };
    symlinkSync('/dev/full', store.bronzePath('fetches.jsonl'));
    await expect(opened.history.saveFetched(fetched)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([0]);
    rmSync(store.bronzePath('fetches.jsonl'));
    await opened.history.saveFetched(fetched);
    expect(store.bronzeFiles()).toEqual([]);
    expect(store.bronzeLines('fetches.jsonl').map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ symbol: 'BTCUSDT', start: '2026-01-15T11:00:00Z', rows: 60, origin: 'simulator:test' }),
    ]);
    expect(store.column('SELECT minutes FROM candles_1h')).toEqual([60]);
  });

  /** Lets the next commits fail as a full disk does: SQLite has ended the transaction by itself. */
  function refuseCommits(): void {
    const { database } = opened.parts;
    const exec = database.exec.bind(database);
    jest.spyOn(database, 'exec').mockImplementation((sql) => {
      if (sql !== 'COMMIT') return exec(sql);
      exec('ROLLBACK');
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    });
  }

  it.each([
    ['prices', [priceEvent('BTCUSDT', NOON + 9_000_000)]],
    ['prices of several symbols', [priceEvent('BTCUSDT', NOON + 9_000_000), priceEvent('ETHUSDT', NOON + 9_000_000)]],
    ['candles', [candleEvent(buildMinute('BTCUSDT', NOON))]],
    ['both', [priceEvent('BTCUSDT', NOON + 9_000_000), candleEvent(buildMinute('BTCUSDT', NOON))]],
  ])('should not store at the next start what a commit did not take on a full disk: %s', async (_, events) => {
    const kept = prices(0, 2);
    await store.take(...kept);
    refuseCommits();
    await expect(store.take(...events)).rejects.toThrow('full');
    await expect(store.take(...events)).rejects.toThrow('full');
    expect(store.bronzeLines(PRICES)).toEqual(values(kept));
    jest.restoreAllMocks();
    opened = await store.reopen();
    expectPrices(kept);
    expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([0]);
  });
});
