import { accountOf, DAY, HOUR, MINUTE } from '@app/domain';
import { candleBarState, polledBarState } from './bars';

const T = Date.UTC(2026, 0, 15) * 1_000;
const END = T + HOUR;
const CAPTURED = END + 2_000_000;

const holding = (minutes: number) =>
  accountOf({ start: T, end: END }, { minutes, lastMinute: T + (minutes - 1) * MINUTE }, [], undefined);

describe('rows that candles make', () => {
  it('should be final once their bucket is over and holds every minute', () => {
    expect(candleBarState(END, T, null, holding(60), END - 1).isFinal).toBe(false);
    expect(candleBarState(END, T, null, holding(60), END).isFinal).toBe(true);
    expect(candleBarState(END, T, null, holding(59), END + DAY).isFinal).toBe(false);
  });

  it('should have changed with their newest capture, their ledger, or the end of their bucket', () => {
    expect(candleBarState(END, T + 5, null, holding(30), END - 1).changedAt).toBe(T + 5);
    expect(candleBarState(END, T + 5, null, holding(60), END).changedAt).toBe(END);
    expect(candleBarState(END, CAPTURED, null, holding(60), END + DAY).changedAt).toBe(CAPTURED);
    expect(candleBarState(END, CAPTURED, CAPTURED + 9, holding(60), END + DAY).changedAt).toBe(CAPTURED + 9);
  });
});

describe('rows that polled prices make', () => {
  it('should be final, and change for the last time, two minutes after their day', () => {
    const end = T + DAY;
    const last = end - MINUTE;
    expect(polledBarState(end, last, end + 2 * MINUTE - 1)).toEqual({ isFinal: false, changedAt: last });
    expect(polledBarState(end, last, end + 2 * MINUTE)).toEqual({ isFinal: true, changedAt: end + 2 * MINUTE });
  });
});
