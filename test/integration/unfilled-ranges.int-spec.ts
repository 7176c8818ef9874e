import { MINUTE, type UnfilledRange } from '@app/domain';
import { NOON, TestStore } from '../support/test-store';

/** Why minutes are missing, kept as disjoint ranges of which the newest word holds. */
describe('notes on minutes that could not be had', () => {
  let store: TestStore;

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(async () => {
    await store.dispose();
  });

  const range = (start: number, end: number) => ({ start: NOON + start * MINUTE, end: NOON + end * MINUTE });
  const note = (start: number, end: number, reason: string): UnfilledRange => ({
    ...range(start, end),
    reason,
    askedAt: NOON,
  });
  const noted = (): [number, number, string][] =>
    store
      .rows<{ start_time: number; end_time: number; reason: string }>(
        "SELECT * FROM unfilled_ranges WHERE symbol = 'BTCUSDT' ORDER BY start_time",
      )
      .map((row) => [(row.start_time - NOON) / MINUTE, (row.end_time - NOON) / MINUTE, row.reason]);

  it('should let the newest word stand and leave what lies around it', async () => {
    const { history } = await store.open();
    await history.noteUnfilled('BTCUSDT', range(0, 10), [note(0, 10, 'unreachable')]);
    await history.noteUnfilled('ETHUSDT', range(0, 10), [note(0, 10, 'other symbol')]);
    await history.noteUnfilled('BTCUSDT', range(3, 6), [note(4, 5, 'no row')]);
    expect(noted()).toEqual([
      [0, 3, 'unreachable'],
      [4, 5, 'no row'],
      [6, 10, 'unreachable'],
    ]);
  });

  it('should forget what was settled: stopped minutes need no reason', async () => {
    const { history } = await store.open();
    await history.noteUnfilled('BTCUSDT', range(0, 10), [note(0, 10, 'no row')]);
    await history.markStopped('BTCUSDT', [range(2, 10)]);
    expect(noted()).toEqual([[0, 2, 'no row']]);
  });
});
