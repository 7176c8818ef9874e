import { DAY, MILLISECOND, MINUTE, SECOND } from '@app/domain';
import { Freshness } from './freshness';

const NOON = Date.UTC(2026, 0, 15, 12) * MILLISECOND;
const POLL = 5 * MINUTE;
/** The end of the day that is open. */
const TODAY = NOON + DAY / 2;

describe('Freshness', () => {
  const at = (now: number): Freshness => new Freshness(now, POLL);

  it('should know no end without an open row', () => {
    expect(at(NOON).until).toBeUndefined();
  });

  it('should last until the minute after that of the last candles has ended', () => {
    const fresh = at(NOON + 30 * SECOND);
    fresh.addCandles(NOON + 2 * SECOND, TODAY);
    fresh.addCandles(NOON + 3 * SECOND, TODAY);
    expect(fresh.until).toBe(NOON + MINUTE);
  });

  it('should be over while the candle of the minute that just ended is due', () => {
    const now = NOON + MINUTE + SECOND;
    const fresh = at(now);
    fresh.addCandles(NOON + 2 * SECOND, TODAY);
    expect(fresh.until).toBe(NOON + MINUTE);
    const oneIsMissing = at(now);
    oneIsMissing.addCandles(NOON + 2 * SECOND, TODAY);
    oneIsMissing.addCandles(now, TODAY);
    expect(oneIsMissing.until).toBe(NOON + MINUTE);
  });

  it('should not wait for a symbol that has had no candle for longer than the others', () => {
    const fresh = at(NOON + 30 * SECOND);
    fresh.addCandles(NOON + 2 * SECOND, TODAY);
    fresh.addCandles(NOON - 2 * MINUTE, TODAY);
    fresh.addCandles(NOON - DAY / 4, TODAY);
    expect(fresh.until).toBe(NOON + MINUTE);
  });

  it('should last until the end of the minute for days that are over and lack some minutes', () => {
    const fresh = at(NOON + 30 * SECOND);
    fresh.addCandles(NOON - 3 * DAY, NOON - DAY / 2);
    expect(fresh.until).toBe(NOON + MINUTE);
    const fromTheStart = at(NOON);
    fromTheStart.addMinutely();
    expect(fromTheStart.until).toBe(NOON + MINUTE);
  });

  it('should last until the next whole multiple of the interval of polls', () => {
    for (const polledAt of [NOON, NOON + SECOND, NOON + POLL - 1]) {
      const fresh = at(NOON + POLL - 1);
      fresh.addPoll(polledAt);
      expect(fresh.until).toBe(NOON + POLL);
    }
    const late = at(NOON + 3 * POLL);
    late.addPoll(NOON + SECOND);
    expect(late.until).toBe(NOON + POLL);
  });

  it('should be over at whatever comes first', () => {
    const fresh = at(NOON + 10 * SECOND);
    fresh.addPoll(NOON);
    fresh.addCandles(NOON + SECOND, TODAY);
    expect(fresh.until).toBe(NOON + MINUTE);
  });
});
