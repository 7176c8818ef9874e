import { MINUTE, REPAIR_AFTER, SECOND } from '@app/domain';
import { markOf, marksOf, sharedMinutes, type ChangedCandle } from './minute-marks';

const T = Date.UTC(2026, 0, 15) * 1_000;
const FRAME = { trackedSince: T, floor: T };

const candle = (openTime: number, changes: Partial<ChangedCandle> = {}): ChangedCandle => ({
  openTime,
  tradeCount: 3,
  firstCapturedAt: openTime + MINUTE + 2 * SECOND,
  isNew: true,
  ...changes,
});

describe('marks of minutes', () => {
  it('should be captured with trades, quiet without, and repaired when the first capture came late', () => {
    const late = T + MINUTE + REPAIR_AFTER + 1;
    expect(markOf(T, true, T + MINUTE, FRAME)).toEqual({ minute: T, state: 'captured', repaired: false });
    expect(markOf(T, false, late, FRAME)).toEqual({ minute: T, state: 'quiet', repaired: true });
    // What the first backfill brought was never late.
    expect(markOf(T, true, late, { ...FRAME, trackedSince: T + MINUTE })).toMatchObject({ repaired: false });
  });

  it('should tell of a new minute without a look at its rows', () => {
    const { marks, toRead } = marksOf([candle(T), candle(T + MINUTE, { tradeCount: 0 })], FRAME);
    expect([...marks.values()].map(({ state }) => state)).toEqual(['captured', 'quiet']);
    expect(toRead.size).toBe(0);
  });

  it('should ask for the rows of a minute that was there, or may hold more candles than one', () => {
    const changed = [
      candle(T, { isNew: false }),
      candle(T + MINUTE + 30 * SECOND),
      candle(T + 2 * MINUTE),
      candle(T + 2 * MINUTE),
      candle(T + 3 * MINUTE),
    ];
    expect([...marksOf(changed, FRAME).toRead]).toEqual([T, T + MINUTE, T + 2 * MINUTE]);
  });

  it('should leave minutes out that lie before where the ledger may begin', () => {
    const { marks, toRead } = marksOf([candle(T - MINUTE, { isNew: false }), candle(T)], FRAME);
    expect([...marks.keys()]).toEqual([T]);
    expect(toRead.size).toBe(0);
  });

  it('should share those minutes with others that have a candle already, not with what is stopped', () => {
    const run = { start: T, end: T + 5 * MINUTE, state: 'captured' as const, repaired: false };
    const recorded = [
      { ...run, start: T - 3 * MINUTE, end: T + MINUTE },
      { ...run, start: T + 2 * MINUTE, end: T + 3 * MINUTE, state: 'stopped' as const },
      { ...run, start: T + 4 * MINUTE, end: T + 9 * MINUTE, state: 'quiet' as const },
    ];
    const minutes = [4, 2, 0, 1, 3].map((index) => T + index * MINUTE);
    expect(sharedMinutes(minutes, recorded)).toEqual([T, T + 4 * MINUTE]);
    expect(sharedMinutes(minutes, [])).toEqual([]);
  });
});
