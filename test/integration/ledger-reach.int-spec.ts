import { DAY, HOUR, MINUTE, SECOND, type EpochMicros, type MinuteCandle, type OutgoingEvent } from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute, FakePorts } from '@app/testing';
import { rebuildStore, tablesOfBronze } from '../support/rebuild';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../support/test-store';

const BEHIND = 400 * DAY;
/** When capture began, by a clock that was behind. */
const BEGAN = NOON - BEHIND;

describe('a ledger that began by a clock which was behind', () => {
  let store: TestStore;
  let opened: WriteStore;

  const minutes = (start: EpochMicros, count: number, changes: Partial<MinuteCandle> = {}): MinuteCandle[] =>
    Array.from({ length: count }, (_, index) => buildMinute('BTCUSDT', start + index * MINUTE, changes));
  const prices = (start: EpochMicros, count: number, lastPrice: string): OutgoingEvent[] =>
    Array.from({ length: count }, (_, index) => priceEvent('BTCUSDT', start + index * MINUTE, { lastPrice }));
  const evidence = () => opened.history.reachEvidence('BTCUSDT', store.clock.now());
  const account = () =>
    store.rows<{ date: number; captured: number }>('SELECT date, captured FROM coverage_days ORDER BY date');
  const coverage = async (): Promise<string | undefined> =>
    (await (await store.readers()).symbols.summaries(['BTCUSDT']))[0]?.coveragePercent;

  /** Minutes and prices as the exchange gave them while the clock was 400 days behind, and since it is right. */
  async function captured(): Promise<void> {
    await opened.history.track({ symbol: 'BTCUSDT', trackedSince: BEGAN, ledgerStart: BEGAN - 12 * HOUR }, ORIGIN);
    const fetched = minutes(BEGAN - 12 * HOUR, 720, { capturedAt: BEGAN });
    await opened.history.saveFetched({
      kind: 'backfill',
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range: { start: BEGAN - 12 * HOUR, end: BEGAN },
      candles: fetched,
      leftOut: [],
      fetchedAt: BEGAN,
    });
    const live = minutes(BEGAN, 5).map(candleEvent);
    await store.take(...live, ...prices(BEGAN + 5 * SECOND, 5, '68001.20'), ...prices(NOON + MINUTE, 5, '68002.20'));
    await store.take(...minutes(NOON, 5).map(candleEvent));
  }

  beforeEach(async () => {
    store = new TestStore();
    store.clock.set(NOON + 10 * MINUTE);
    opened = await store.open();
  });

  afterEach(() => store.dispose());

  it('is told by its first prices, which are not those of the minutes at their stamps', async () => {
    await captured();
    expect(await evidence()).toEqual({ trackedSince: BEGAN, compared: 5, outside: 5, resumedAt: NOON + MINUTE });
  });

  it.each([
    ['those of its minutes', '1000.50', 0],
    ['beside them', '999.00', 5],
  ])('is looked at by prices that are %s', async (_, price, outside) => {
    await opened.history.track({ symbol: 'BTCUSDT', trackedSince: BEGAN, ledgerStart: BEGAN }, ORIGIN);
    await store.take(
      ...minutes(BEGAN - MINUTE, 7, { open: '1000.50', high: '1000.50', low: '1000.50' }).map(candleEvent),
    );
    await store.take(...prices(BEGAN, 5, price));
    expect(await evidence()).toMatchObject({ compared: 5, outside, resumedAt: undefined });
  });

  it('is looked at once, and not on its first day', async () => {
    await captured();
    await opened.history.confirmReach('BTCUSDT');
    expect(await evidence()).toBeUndefined();
    await opened.history.track({ symbol: 'ETHUSDT', trackedSince: NOON - HOUR, ledgerStart: NOON - DAY }, ORIGIN);
    expect(await opened.history.reachEvidence('ETHUSDT', store.clock.now())).toBeUndefined();
    expect(await opened.history.reachEvidence('NOSUCH', store.clock.now())).toBeUndefined();
  });

  it('begins where it should: coverage comes right, and the minutes before stay stored', async () => {
    await captured();
    expect(await coverage()).toBe('0.12');
    await opened.history.moveLedger({ symbol: 'BTCUSDT', trackedSince: NOON + MINUTE, ledgerStart: NOON });
    expect(await opened.history.tracked('BTCUSDT')).toEqual({
      symbol: 'BTCUSDT',
      trackedSince: NOON + MINUTE,
      ledgerStart: NOON,
    });
    expect(await coverage()).toBe('62.50');
    expect(account()).toEqual([{ date: NOON - 12 * HOUR, captured: 5 }]);
    expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([730]);
    expect(await opened.history.missing('BTCUSDT', { start: NOON, end: NOON + 8 * MINUTE })).toEqual([
      { start: NOON + 5 * MINUTE, end: NOON + 8 * MINUTE },
    ]);
  });

  it('is not widened again by minutes from before it, whatever brings them', async () => {
    await captured();
    await opened.history.moveLedger({ symbol: 'BTCUSDT', trackedSince: NOON + MINUTE, ledgerStart: NOON });
    const before = account();
    await store.take(...minutes(BEGAN + 5 * MINUTE, 3, { capturedAt: NOON + 9 * MINUTE }).map(candleEvent));
    await store.take(...minutes(BEGAN, 1, { capturedAt: NOON + 9 * MINUTE, volume: '3.00' }).map(candleEvent));
    expect(account()).toEqual(before);
    expect(await coverage()).toBe('62.50');
  });

  it('accounts for the minutes before it when somebody asks for them', async () => {
    await captured();
    await opened.history.moveLedger({ symbol: 'BTCUSDT', trackedSince: NOON + MINUTE, ledgerStart: NOON });
    await opened.history.extendLedger('BTCUSDT', BEGAN - 13 * HOUR, ORIGIN);
    expect(account()).toEqual([
      { date: BEGAN - 12 * HOUR, captured: 725 },
      { date: NOON - 12 * HOUR, captured: 5 },
    ]);
    expect(await opened.history.missing('BTCUSDT', { start: BEGAN - 13 * HOUR, end: BEGAN + HOUR })).toEqual([
      { start: BEGAN - 13 * HOUR, end: BEGAN - 12 * HOUR },
      { start: BEGAN + 5 * MINUTE, end: BEGAN + HOUR },
    ]);
  });

  it.each(['moved', 'moved and extended'])('is the same in a database made anew: %s', async (what) => {
    await captured();
    await opened.history.moveLedger({ symbol: 'BTCUSDT', trackedSince: NOON + MINUTE, ledgerStart: NOON });
    if (what !== 'moved') await opened.history.extendLedger('BTCUSDT', BEGAN - 13 * HOUR, ORIGIN);
    await store.close();
    const before = tablesOfBronze(store.databasePath);
    const frame = store.rows('SELECT tracked_since, ledger_start, ledger_floor FROM symbols');
    const ports = FakePorts.at(store.clock.now(), { SYMBOLS: 'BTCUSDT' });
    expect(await rebuildStore(store, ports)).toMatchObject({ losses: [], isReplaced: true });
    expect(tablesOfBronze(store.databasePath)).toEqual(before);
    expect(
      store.rows("SELECT tracked_since, ledger_start, ledger_floor FROM symbols WHERE symbol = 'BTCUSDT'"),
    ).toEqual(frame);
  });
});
