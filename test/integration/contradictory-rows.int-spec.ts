import { ARCHIVE_SOURCE, DAY, MINUTE, type MinuteCandle } from '@app/domain';
import { MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import { batchOf, candleEvent, NOON, ORIGIN, TestStore } from '../support/test-store';

const TODAY = NOON - DAY / 2;

describe('minutes that contradict themselves', () => {
  const disk = new TestStore();
  const metrics = new MetricsRegistry();
  let store: WriteStore;

  const bad = (openTime: number, changes: Partial<MinuteCandle> = {}): MinuteCandle =>
    buildMinute('BTCUSDT', openTime, { high: '1', low: '2', capturedAt: openTime + MINUTE, ...changes });
  const take = (...candles: MinuteCandle[]): Promise<unknown> => store.sink.take(batchOf(...candles.map(candleEvent)));
  const counted = async (): Promise<number> =>
    (await metrics.getSingleMetric('csp_contradictory_candles_total')!.get()).values[0]?.value ?? 0;

  beforeAll(async () => {
    store = await WriteStore.open({ ...disk.options(), metrics });
  });

  afterAll(async () => {
    await store.close();
    await disk.dispose();
  });

  it('should be stored as the exchange gave them, and counted once for each version', async () => {
    await take(bad(NOON), buildMinute('BTCUSDT', NOON + MINUTE));
    const [stored] = await store.history.minutes('BTCUSDT', { start: NOON, end: NOON + 2 * MINUTE });
    expect(stored).toMatchObject({ openTime: NOON, high: '1', low: '2' });
    expect(await counted()).toBe(1);
    await take(bad(NOON), bad(NOON, { capturedAt: NOON + 2 * MINUTE }));
    expect(await counted()).toBe(1);
    await take(bad(NOON, { capturedAt: NOON + 3 * MINUTE, low: '3' }));
    expect(await counted()).toBe(2);
  });

  it('should be counted where they were fetched, and where they came in files', async () => {
    const before = await counted();
    const fetched = { origin: ORIGIN, symbol: 'BTCUSDT', leftOut: [], fetchedAt: NOON } as const;
    const range = { start: NOON - 10 * MINUTE, end: NOON };
    const candles = [bad(NOON - 9 * MINUTE), buildMinute('BTCUSDT', NOON - 8 * MINUTE)];
    await store.history.saveFetched({ ...fetched, kind: 'backfill', range, candles });
    await store.history.saveFetched({ ...fetched, kind: 'repair', range, candles });
    expect(await counted()).toBe(before + 1);
    const day = { start: TODAY - DAY, end: TODAY };
    const rows = [bad(day.start), bad(day.start + MINUTE)].map((row) => ({ ...row, source: ARCHIVE_SOURCE }));
    await store.history.saveDay({ ...fetched, range: day, candles: rows });
    await store.history.saveDay({ ...fetched, range: day, candles: rows });
    expect(await counted()).toBe(before + 3);
  });
});
