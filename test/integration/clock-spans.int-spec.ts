import { readFileSync } from 'node:fs';
import { DAY, HOUR, MINUTE, SECOND, type EpochMicros, type MinuteCandle } from '@app/domain';
import { HistoryWriteStore, type WriteStore } from '@app/storage';
import { buildMinute, FakePorts } from '@app/testing';
import Database from 'better-sqlite3';
import { readTables } from '../support/history-tables';
import { rebuildStore } from '../support/rebuild';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../support/test-store';

const AHEAD = 26 * HOUR;
const NOTHING = { spans: [], minutes: 0, retracked: [] };
const CORRECTED = { volume: '2.50', tradeCount: 2 } as const;

/** A minute after noon, by its number, captured five seconds after its close. */
const minute = (number: number, changes: Partial<MinuteCandle> = {}, late: EpochMicros = 0): MinuteCandle => {
  const openTime = NOON + number * MINUTE;
  return buildMinute('BTCUSDT', openTime, { capturedAt: openTime + MINUTE + 5 * SECOND + late, ...changes });
};

describe('minutes stamped by a clock that was ahead', () => {
  const stores: TestStore[] = [];
  let store: TestStore;
  let opened: WriteStore;

  const take = (...candles: MinuteCandle[]) => store.take(...candles.map(candleEvent));
  const settle = (now: EpochMicros = store.clock.now()) => opened.history.settleStamps(now);
  const restart = async (): Promise<void> => {
    opened = await store.reopen();
  };
  const manifest = (): { kind: string }[] =>
    readFileSync(store.bronzePath('fetches.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });

  /** Volume, revision and time of capture of a minute, as known at a time or now. */
  async function served(number: number, asOf?: EpochMicros): Promise<unknown[] | undefined> {
    const { candles } = await store.readers();
    const start = NOON + number * MINUTE;
    const [row] = await candles.range(['BTCUSDT'], '1m', { start, end: start + MINUTE }, 1, undefined, asOf);
    return row && [row.volume, row.revision, (row.capturedAt - start) / SECOND];
  }

  async function create(): Promise<void> {
    store = new TestStore();
    stores.push(store);
    store.clock.set(NOON + 10 * MINUTE);
    opened = await store.open();
  }

  /** The clock is a day and two hours ahead while two minutes are captured; then it is right. */
  async function twoMinutesAhead(): Promise<void> {
    await take(minute(-2), minute(-1));
    await take(minute(0, {}, AHEAD), minute(1, {}, AHEAD));
    await take(minute(2), minute(3));
  }

  /** That bronze gives the same tables again: replayed beside them, rebuilt, and without any old database. */
  async function expectSameFromBronze(): Promise<void> {
    await store.closeReaders();
    await store.close();
    const before = readTables(store.databasePath);
    const writing = await HistoryWriteStore.openExisting(store.options());
    const { differences } = await writing.replay().compare(new AbortController().signal);
    await writing.close();
    expect(differences).toEqual([]);
    const ports = FakePorts.at(store.clock.now(), { SYMBOLS: 'BTCUSDT' });
    expect(await rebuildStore(store, ports)).toMatchObject({ losses: [], isReplaced: true });
    const rebuilt = readTables(store.databasePath);
    // What the exchange says of symbols is asked for by the rebuild alone.
    const history = Object.keys(before).filter((table) => !table.startsWith('symbol'));
    expect(history.map((table) => [table, rebuilt[table]])).toEqual(history.map((table) => [table, before[table]]));
    expect(rebuilt['symbols']).toHaveLength(before['symbols']!.length);
    opened = await store.open();
  }

  beforeEach(create);

  afterEach(async () => {
    for (const each of stores.splice(0)) await each.dispose();
  });

  it('are served as corrected later: a correction of the minute is newer, whatever the stamp of the old numbers', async () => {
    await twoMinutesAhead();
    expect(await settle()).toMatchObject({ spans: [{ until: NOON + 10 * MINUTE }], minutes: 2 });
    await take(minute(0, CORRECTED, 3 * MINUTE));
    expect(await served(0)).toEqual(['2.50', 2, 245]);
    expect(await served(1)).toEqual(['2.00', 1, 60]);
    await restart();
    expect(await served(0)).toEqual(['2.50', 2, 245]);
    expect(await settle()).toEqual(NOTHING);
    await expectSameFromBronze();
    expect(await served(0)).toEqual(['2.50', 2, 245]);
  });

  it('are served as corrected also where the correction had been stored before anybody noticed', async () => {
    await twoMinutesAhead();
    await take(minute(0, CORRECTED, 3 * MINUTE));
    expect(await served(0)).toEqual(['2.00', 2, 60 + 5 + AHEAD / SECOND]);
    await restart();
    await settle();
    // Other numbers were served as revision 2.
    expect(await served(0)).toEqual(['2.50', 3, 245]);
    await expectSameFromBronze();
    expect(await served(0)).toEqual(['2.50', 3, 245]);
  });

  it('count for as_of as captured at their close', async () => {
    await twoMinutesAhead();
    await settle();
    await take(minute(0, CORRECTED, 3 * MINUTE));
    const close = NOON + MINUTE;
    expect(await served(0, close - 1)).toBeUndefined();
    expect(await served(0, close)).toEqual(['2.00', 1, 60]);
    expect(await served(0, close + 3 * MINUTE)).toEqual(['2.00', 1, 60]);
    expect(await served(0, close + 3 * MINUTE + 5 * SECOND)).toEqual(['2.50', 2, 245]);
    expect(await served(0, NOON + 3 * DAY)).toEqual(['2.50', 2, 245]);
  });

  it('are no repaired minutes, and their hour and day were captured when the last of their minutes was', async () => {
    await twoMinutesAhead();
    expect(store.column('SELECT sum(repaired) FROM coverage_days')).toEqual([2]);
    await settle();
    expect(store.column('SELECT sum(repaired) FROM coverage_days')).toEqual([0]);
    const newest = minute(3).capturedAt;
    expect(store.column('SELECT captured_at FROM candles_1h WHERE open_time = ?', NOON)).toEqual([newest]);
    expect(store.column('SELECT captured_at FROM candles_1d')).toEqual([newest]);
    expect(store.column('SELECT changed_at FROM coverage_days')).toEqual([newest]);
    expect(store.column('SELECT captured_at FROM daily_metrics')).toEqual([newest]);
  });

  it('leave a line in the manifest, once', async () => {
    await twoMinutesAhead();
    await settle();
    await restart();
    await settle();
    expect(manifest().filter(({ kind }) => kind === 'clock')).toEqual([
      {
        kind: 'clock',
        start: '2026-01-16T14:01:05.000000+00:00',
        end: '2026-01-16T14:02:05.000001+00:00',
        until: '2026-01-15T12:10:00.000000+00:00',
      },
    ]);
  });

  it('come right where they had only repeated what was known, and numbers that came back do not come back', async () => {
    await take(minute(0), minute(1));
    // After a restart the same minutes are read again, by a clock that is ahead.
    await take(minute(0, {}, AHEAD), minute(1, {}, AHEAD));
    await take(minute(0, CORRECTED, MINUTE));
    expect(await served(0)).toEqual(['2.00', 3, 60 + 5 + AHEAD / SECOND]);
    await settle();
    // Other numbers were served as revision 3.
    expect(await served(0)).toEqual(['2.50', 4, 125]);
    await expectSameFromBronze();
    expect(await served(0)).toEqual(['2.50', 4, 125]);
  });

  it('come right where they were fetched, and so have no line', async () => {
    const range = { start: NOON - 5 * MINUTE, end: NOON };
    const fetchedAt = NOON + AHEAD;
    const candles = [-5, -4, -3, -2, -1].map((number) => minute(number, { capturedAt: fetchedAt }));
    await opened.history.track({ symbol: 'BTCUSDT', trackedSince: NOON + AHEAD, ledgerStart: range.start }, ORIGIN);
    await opened.history.saveFetched({
      kind: 'backfill',
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range,
      candles,
      leftOut: [],
      fetchedAt,
    });
    await opened.history.markStopped('BTCUSDT', []);
    await settle();
    expect(await served(-1)).toEqual(['2.00', 1, 60]);
    expect(await opened.history.tracked('BTCUSDT')).toMatchObject({ trackedSince: NOON + 10 * MINUTE });
    await take(minute(-1, CORRECTED));
    await expectSameFromBronze();
    expect(await served(-1)).toEqual(['2.50', 2, 65]);
    expect(await opened.history.tracked('BTCUSDT')).toMatchObject({ trackedSince: NOON + 10 * MINUTE });
  });

  it('do not take what is captured when the time has really come for stamped ahead', async () => {
    await twoMinutesAhead();
    await settle();
    store.clock.advance(AHEAD);
    const number = (26 * HOUR) / MINUTE;
    await take(minute(number), minute(number, CORRECTED, 10 * SECOND));
    expect(await served(number)).toEqual(['2.50', 2, 75]);
    // Numbers of an old minute that are fetched in these minutes are newer than all before them.
    const capturedAt = NOON + AHEAD + MINUTE + 30 * SECOND;
    const range = { start: NOON, end: NOON + MINUTE };
    await opened.history.saveFetched({
      kind: 'repair',
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range,
      candles: [minute(0, { ...CORRECTED, capturedAt })],
      leftOut: [],
      fetchedAt: capturedAt,
    });
    expect(await served(0)).toEqual(['2.50', 2, 90 + AHEAD / SECOND]);
    expect(await settle()).toEqual(NOTHING);
  });

  it('count as captured at their close also where they arrive after the span is known', async () => {
    await twoMinutesAhead();
    await settle();
    await take(minute(4), minute(4, CORRECTED, MINUTE));
    store.clock.advance(2 * DAY);
    // What waited in a spool.
    await take(minute(0, { volume: '1.00' }, AHEAD + SECOND));
    expect(await served(0)).toEqual(['2.00', 2, 60]);
    await expectSameFromBronze();
  });

  it.each([
    ['a year', 366 * DAY],
    ['two minutes', 2 * MINUTE],
  ])('come right when the clock was ahead by %s', async (_, ahead) => {
    store.clock.set(NOON + 3 * MINUTE);
    await take(minute(0, {}, ahead + 3 * MINUTE), minute(1, {}, ahead + 2 * MINUTE));
    expect(await settle()).toMatchObject({ minutes: 2 });
    await take(minute(1, CORRECTED, MINUTE));
    expect(await served(1)).toEqual(['2.50', 2, 125]);
    await expectSameFromBronze();
  });

  it('are left alone when the stamp is no more than a minute ahead, or the minute is not over by now', async () => {
    await take(minute(9), minute(10, {}, -MINUTE), minute(30, {}, HOUR));
    store.clock.set(NOON + 10 * MINUTE - 30 * SECOND);
    expect(await settle()).toEqual(NOTHING);
    expect(await served(30)).toEqual(['2.00', 1, 65 + 3_600]);
  });

  it('are gone on with where a run was interrupted', async () => {
    await twoMinutesAhead();
    await take(minute(-1_440, {}, AHEAD + DAY + HOUR));
    await settle();
    const settled = readTables(store.databasePath);

    await create();
    await twoMinutesAhead();
    await take(minute(-1_440, {}, AHEAD + DAY + HOUR));
    const [span] = (await settle()).spans;
    // As if it had been killed before the second day: the span is open, and its time has come meanwhile.
    await store.close();
    await create();
    await twoMinutesAhead();
    await take(minute(-1_440, {}, AHEAD + DAY + HOUR));
    const database = new Database(store.databasePath);
    database.prepare('INSERT INTO clock_spans VALUES (?, ?, ?, 0)').run(span!.start, span!.end, span!.until);
    database.close();
    store.clock.advance(3 * DAY);
    expect(await settle()).toMatchObject({ spans: [span], minutes: 3 });
    expect(readTables(store.databasePath)).toEqual(settled);
  });

  it('put stops right that were noted ahead of time', async () => {
    await take(minute(0), minute(3));
    const noted = store.clock.now();
    store.clock.step(AHEAD);
    await opened.history.markStopped('BTCUSDT', [{ start: NOON + MINUTE, end: NOON + 3 * MINUTE }]);
    store.clock.step(-AHEAD);
    expect(store.column('SELECT noted_at FROM stop_notes')).toEqual([noted + AHEAD]);
    await settle();
    expect(store.column('SELECT noted_at FROM stop_notes')).toEqual([NOON + 3 * MINUTE]);
    expect(store.column('SELECT stopped_at FROM coverage_days')).toEqual([NOON + 3 * MINUTE]);
    expect(store.column('SELECT changed_at FROM coverage_days')).toEqual([minute(3).capturedAt]);
    await expectSameFromBronze();
  });

  it('change nothing in a store without any', async () => {
    await take(minute(0), minute(1), minute(1, CORRECTED, MINUTE));
    await store.take(priceEvent('BTCUSDT', NOON + AHEAD));
    const before = readTables(store.databasePath);
    expect(await settle()).toEqual(NOTHING);
    expect(readTables(store.databasePath)).toEqual(before);
  });
});
