import {
  HOUR,
  MINUTE,
  positionFromText,
  positionToText,
  type ChangeFeedReader,
  type FeedPosition,
  type FeedUnit,
  type TimeRange,
} from '@app/domain';
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { buildMinute } from '@app/testing';
import { ORIGIN, NOON, TestStore, candleEvent, priceEvent } from '../support/test-store';

const KEEP = { bronzeDays: undefined, minutesDays: undefined, eventsDays: undefined };
const signal = new AbortController().signal;

describe('change feed', () => {
  let store: TestStore;

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(async () => {
    await store.dispose();
  });

  const poll = (second: number, ...symbols: string[]) =>
    store.take(...symbols.map((symbol) => priceEvent(symbol, NOON + second * 1_000_000)));

  /** The position behind a unit, as a reader keeps it. */
  const behind = (from: FeedPosition, unit: FeedUnit): FeedPosition => ({
    ...from,
    next: new Map([...from.next, [unit.feed, unit.position + 1]]),
    within: null,
    committedAt: unit.committedAt,
  });

  async function all(feed: ChangeFeedReader, from: FeedPosition): Promise<FeedUnit[]> {
    return feed.units(from, 1_000);
  }

  it('should tell the keys of what was accepted, in the order of the commits, and nothing of repeats', async () => {
    await store.open();
    const { feed } = await store.readers();
    const begin = await feed.end();
    await poll(1, 'BTCUSDT', 'ETHUSDT');
    await poll(1, 'BTCUSDT', 'LTCUSDT');
    const minute = buildMinute('BTCUSDT', NOON);
    await store.take(candleEvent(minute));
    await store.take(candleEvent({ ...minute, capturedAt: minute.capturedAt + MINUTE }));
    await store.take(candleEvent({ ...minute, volume: '99', capturedAt: minute.capturedAt + 2 * MINUTE }));

    const units = await all(feed, begin);
    expect(units.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
    expect(
      units.flatMap(({ change }) =>
        change.items.map((item) => [change.kind, item.symbol, 'revision' in item ? item.revision : null]),
      ),
    ).toEqual([
      ['prices', 'BTCUSDT', null],
      ['prices', 'ETHUSDT', null],
      ['prices', 'LTCUSDT', null],
      ['candles', 'BTCUSDT', 1],
      ['candles', 'BTCUSDT', 2],
    ]);
  });

  it('should be read on from behind any unit, by a reader that kept its position as text', async () => {
    await store.open();
    const { feed } = await store.readers();
    let position = await feed.end();
    for (let second = 0; second < 5; second += 1) await poll(second, 'BTCUSDT');
    const units = await all(feed, position);
    for (const [index, unit] of units.entries()) {
      position = behind(position, unit);
      const kept = positionFromText(positionToText(position));
      if (!kept) throw new Error('a position was not read back');
      const { from, isWhole } = await feed.resume(kept);
      expect(isWhole).toBe(true);
      expect(await all(feed, from)).toEqual(units.slice(index + 1));
    }
  });

  it('should tell what fills the history by its ranges, on a feed of its own', async () => {
    const { history } = await store.open();
    const { feed } = await store.readers();
    const begin = await feed.end();
    const range: TimeRange = { start: NOON, end: NOON + 3 * MINUTE };
    const candles = [0, 1, 2].map((minute) => buildMinute('BTCUSDT', NOON + minute * MINUTE));
    await history.saveFetched({
      kind: 'repair',
      origin: ORIGIN,
      symbol: 'BTCUSDT',
      range,
      candles,
      leftOut: [],
      fetchedAt: NOON + HOUR,
    });
    await history.markStopped('BTCUSDT', [{ start: NOON + 3 * MINUTE, end: NOON + 5 * MINUTE }]);
    const told = await all(feed, begin);
    expect(told.map(({ change }) => change)).toEqual([
      { kind: 'history', items: [{ symbol: 'BTCUSDT', ...range, count: 3 }] },
      { kind: 'ledger', items: [{ symbol: 'BTCUSDT', start: range.end, end: NOON + 5 * MINUTE, count: 2 }] },
    ]);
  });

  it('should tell of events that a killed process left in bronze alone', async () => {
    await store.open();
    const { feed } = await store.readers();
    await poll(1, 'BTCUSDT');
    const begin = await feed.end();
    const killed = store.killed();
    try {
      const [line] = store.bronzeLines('crypto_prices_2026-01-15.jsonl');
      appendFileSync(
        killed.bronzePath('crypto_prices_2026-01-15.jsonl'),
        `${String(line).replace('68001.20', '68001.30').replace('12:00:01', '12:00:02')}\n`,
      );
      await killed.open();
      const { feed: after } = await killed.readers();
      const told = await all(after, begin);
      expect(told.map(({ change }) => change)).toEqual([
        {
          kind: 'prices',
          items: [{ symbol: 'BTCUSDT', timestamp: NOON + 2_000_000, source: 'binance_api_v3_ticker_24hr' }],
        },
      ]);
    } finally {
      await killed.dispose();
    }
  });

  it('should say that a position lies before what is kept, and go on from the oldest', async () => {
    const opened = await store.open();
    const { feed } = await store.readers();
    const begin = await feed.end();
    await poll(1, 'BTCUSDT');
    store.clock.advance(200 * HOUR);
    await poll(2, 'BTCUSDT');
    expect(await opened.upkeep.retain({ ...KEEP, changesHours: 168 }, signal)).toMatchObject({ changes: 1 });
    const { from, isWhole } = await feed.resume(begin);
    expect(isWhole).toBe(false);
    expect((await all(feed, from)).map(({ position }) => position)).toEqual([1]);
    expect((await feed.resume(await feed.end())).isWhole).toBe(true);
  });

  it.each([
    ['26 hours', 26 * HOUR],
    ['400 days', 9_600 * HOUR],
    ['two minutes', 2 * MINUTE],
  ])('should not keep units for ever behind some that a clock %s ahead has stamped', async (_, ahead) => {
    const opened = await store.open();
    const { feed } = await store.readers();
    const begin = await feed.end();
    store.clock.step(ahead);
    await poll(1, 'BTCUSDT');
    store.clock.step(-ahead);
    await poll(2, 'BTCUSDT');
    store.clock.advance(HOUR);
    expect(await opened.upkeep.retain({ ...KEEP, changesHours: 2 }, signal)).toMatchObject({ changes: 0 });
    await poll(3, 'BTCUSDT');
    store.clock.advance(HOUR + 3 * MINUTE);
    await opened.upkeep.retain({ ...KEEP, changesHours: 2 }, signal);
    const { from } = await feed.resume(begin);
    expect((await all(feed, from)).map(({ position }) => position)).toEqual([2]);
  });

  it('should keep the position of a feed whose units have all been removed', async () => {
    const opened = await store.open();
    const { feed } = await store.readers();
    await poll(1, 'BTCUSDT');
    const end = await feed.end();
    store.clock.advance(200 * HOUR);
    await opened.upkeep.retain({ ...KEEP, changesHours: 1 }, signal);
    expect(await feed.resume(end)).toMatchObject({ isWhole: true });
    await poll(2, 'BTCUSDT');
    expect((await all(feed, end)).map(({ position }) => position)).toEqual([1]);
  });

  it.each([
    ['of another generation', (end: FeedPosition): FeedPosition => ({ ...end, generation: 'f'.repeat(16) })],
    [
      'ahead of its feed',
      (end: FeedPosition): FeedPosition => ({
        ...end,
        next: new Map([...end.next].map(([id, next]) => [id, next + 1])),
      }),
    ],
    [
      'of a feed that is not there',
      (end: FeedPosition): FeedPosition => ({ ...end, next: new Map([...end.next, [99, 1]]) }),
    ],
  ])('should go on from now where a position is %s', async (_, changed) => {
    await store.open();
    const { feed } = await store.readers();
    await poll(1, 'BTCUSDT');
    const end = await feed.end();
    expect(await feed.resume(changed(end))).toEqual({ from: end, isWhole: false });
  });

  it('should begin at what was committed from a time on', async () => {
    await store.open();
    const { feed } = await store.readers();
    await poll(1, 'BTCUSDT');
    store.clock.advance(HOUR);
    const time = store.clock.now();
    await poll(2, 'BTCUSDT');
    expect((await all(feed, await feed.at(time))).map(({ position }) => position)).toEqual([1]);
    expect(await all(feed, await feed.at(time + 1))).toEqual([]);
  });

  it('should make a new version of the store for what was accepted, and none for what processes say of themselves', async () => {
    const opened = await store.open();
    const { status } = await store.readers();
    await poll(1, 'BTCUSDT');
    const version = await status.version();
    await opened.processStatus.write({ process: 'test', updatedAt: NOON, status: '{}' });
    await nextTurn();
    expect(await status.version()).toBe(version);
    await nextTurn();
    await poll(1, 'BTCUSDT');
    await nextTurn();
    expect(await status.version()).toBe(version);
    await poll(2, 'BTCUSDT');
    // Asked once per turn of the event loop.
    await nextTurn();
    expect(await status.version()).not.toBe(version);
  });
});
