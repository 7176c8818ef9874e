import {
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  type DailyBar,
  type DayQuality,
  type SymbolMetrics,
} from '@app/domain';
import { Freshness } from './freshness';
import {
  noteOpenDay,
  noteOpenHour,
  noteOpenMetrics,
  noteOpenPrice,
  noteOpenQuality,
  noteOpenSymbol,
} from './open-rows';

const TODAY = Date.UTC(2026, 0, 15) * MILLISECOND;
const NOW = TODAY + 12 * HOUR + 30 * SECOND;
const NEXT_MINUTE = TODAY + 12 * HOUR + MINUTE;
const POLL = 10 * SECOND;

const until = (note: (fresh: Freshness) => void, now = NOW): number | undefined => {
  const fresh = new Freshness(now, POLL);
  note(fresh);
  return fresh.until;
};

const day = (parts: Partial<DailyBar>): DailyBar =>
  ({ date: TODAY, isFinal: false, source: 'kline', changedAt: NOW - 28 * SECOND, ...parts }) as DailyBar;

describe('open rows of tables', () => {
  it('should be the days and hours that are not final', () => {
    expect(
      until((fresh) => {
        noteOpenDay(day({}), fresh);
      }),
    ).toBe(NEXT_MINUTE);
    expect(
      until((fresh) => {
        noteOpenDay(day({ isFinal: true, date: TODAY - DAY }), fresh);
      }),
    ).toBeUndefined();
    expect(
      until((fresh) => {
        noteOpenDay(day({ source: 'ticker', changedAt: NOW - SECOND }), fresh);
      }),
    ).toBe(NOW);
    expect(
      until((fresh) => {
        noteOpenDay(day({ source: 'ticker', isFinal: true }), fresh);
      }),
    ).toBeUndefined();
    const hour = { openTime: TODAY + 12 * HOUR, changedAt: NOW - 28 * SECOND };
    expect(
      until((fresh) => {
        noteOpenHour({ ...hour, isFinal: false } as never, fresh);
      }),
    ).toBe(NEXT_MINUTE);
    expect(
      until((fresh) => {
        noteOpenHour({ ...hour, isFinal: true } as never, fresh);
      }),
    ).toBeUndefined();
  });

  it('should be the metrics of today, and of a day that lacks minutes', () => {
    const note = (parts: Partial<SymbolMetrics>) => (fresh: Freshness) => {
      noteOpenMetrics(
        { date: TODAY, coveragePercent: '100.00', changedAt: NOW, ...parts } as SymbolMetrics,
        fresh,
        NOW,
      );
    };
    expect(until(note({}))).toBe(NEXT_MINUTE);
    expect(until(note({ date: TODAY - DAY }))).toBeUndefined();
    expect(until(note({ date: TODAY - DAY, coveragePercent: '99.99', changedAt: NOW - DAY }))).toBe(NEXT_MINUTE);
  });

  it('should be the account of today, of yesterday for two minutes more, and of a day with missing minutes', () => {
    const note = (date: number, missing: number, now: number) => (fresh: Freshness) => {
      noteOpenQuality({ date, missing, changedAt: now } as DayQuality, fresh, now);
    };
    expect(until(note(TODAY, 0, NOW))).toBe(NEXT_MINUTE);
    expect(until(note(TODAY - DAY, 0, NOW))).toBeUndefined();
    expect(until(note(TODAY - DAY, 3, NOW))).toBe(NEXT_MINUTE);
    const early = TODAY + MINUTE;
    expect(until(note(TODAY - DAY, 0, early), early)).toBe(TODAY + 2 * MINUTE);
  });

  it('should be every price until the next poll, and every symbol', () => {
    expect(
      until((fresh) => {
        noteOpenPrice({ timestamp: NOW } as never, fresh);
      }),
    ).toBe(NOW + POLL);
    expect(
      until((fresh) => {
        noteOpenSymbol({ lastEvent: NOW } as never, fresh);
      }),
    ).toBe(NOW + POLL);
    expect(
      until((fresh) => {
        noteOpenSymbol({ lastEvent: null } as never, fresh);
      }),
    ).toBe(NEXT_MINUTE);
  });
});
