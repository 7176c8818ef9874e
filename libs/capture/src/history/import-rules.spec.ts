import { DAY, MINUTE, SECOND, type DayOfMinutes, type MinuteCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import { leaveOutFewerTrades, leaveOutOpen, replacedMinutes } from './import-rules';

const DATE = Date.UTC(2026, 0, 10) * 1_000;

const minute = (index: number, changes: Partial<MinuteCandle> = {}): MinuteCandle =>
  buildMinute('BTCUSDT', DATE + index * MINUTE, changes);

function dayOf(...candles: MinuteCandle[]): DayOfMinutes {
  return { range: { start: DATE, end: DATE + DAY }, candles, leftOut: [] };
}

const at = (index: number): number => DATE + index * MINUTE;

describe('leaveOutOpen', () => {
  it('should leave out the forming minute and everything ahead of the exchange, and keep what is over', () => {
    const day = dayOf(minute(0), minute(1), minute(2), minute(61), minute(62));
    const after = leaveOutOpen(day, at(2) + 30 * SECOND);
    expect(after.candles).toEqual(day.candles.slice(0, 2));
    expect(after.leftOut).toEqual([
      {
        start: at(2),
        end: at(3),
        reason: 'not_closed',
        detail:
          "the row of 2026-01-10T00:02:00Z: close time is 2026-01-10T00:02:59.999Z, and the exchange's time is 2026-01-10T00:02:30.000Z",
      },
      { start: at(61), end: at(63), reason: 'not_closed', detail: expect.stringContaining('01:01:59.999Z') as string },
    ]);
  });

  it('should keep a minute from the instant on at which it is over', () => {
    const day = dayOf(minute(0));
    expect(leaveOutOpen(day, at(1))).toBe(day);
    expect(leaveOutOpen(day, at(1) - 1).candles).toEqual([]);
  });
});

describe('leaveOutFewerTrades', () => {
  const stored = [minute(0, { tradeCount: 38 }), minute(1, { tradeCount: 38 }), minute(2, { tradeCount: 0 })];

  it('should leave out minutes with fewer trades than are stored, quiet ones too, and no other', () => {
    const day = dayOf(minute(0, { tradeCount: 1 }), minute(1, { tradeCount: 0 }), minute(2), minute(3));
    const after = leaveOutFewerTrades(day, stored);
    expect(after.candles).toEqual(day.candles.slice(2));
    expect(after.leftOut).toEqual([
      {
        start: at(0),
        end: at(2),
        reason: 'fewer_trades',
        detail: 'the row of 2026-01-10T00:00:00Z: trade count is 1, and the stored minute has 38',
      },
    ]);
  });

  it('should keep minutes with as many trades or more', () => {
    const day = dayOf(minute(0, { tradeCount: 38, volume: '9' }), minute(1, { tradeCount: 39 }));
    expect(leaveOutFewerTrades(day, stored)).toBe(day);
    expect(leaveOutFewerTrades(day, [])).toBe(day);
  });

  it('should go by the open time that is stored, which need not be a full minute', () => {
    const odd = { openTime: at(5) + 14 * SECOND, closeTime: at(6) + 14 * SECOND - 1_000 };
    const after = leaveOutFewerTrades(dayOf(minute(5, { ...odd, tradeCount: 1 })), [
      minute(5, { ...odd, tradeCount: 2 }),
    ]);
    expect(after.leftOut).toMatchObject([{ start: at(5), end: at(6) }]);
  });
});

describe('replacedMinutes', () => {
  it('should name what differs as numbers, and what it was', () => {
    const stored = [minute(0), minute(1, { volume: '2.00' }), minute(2, { tradeCount: 7 })];
    const day = dayOf(minute(0), minute(1, { volume: '2.0' }), minute(2, { tradeCount: 9 }), minute(3));
    expect(replacedMinutes(day, stored)).toEqual([
      {
        start: at(2),
        end: at(3),
        detail: expect.stringMatching(
          /^the row of 2026-01-10T00:02:00Z: trade count 9, .*; before, trade count 7, /,
        ) as string,
      },
    ]);
  });
});
