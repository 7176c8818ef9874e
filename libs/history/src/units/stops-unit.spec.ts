import { DAY, floorTo, HOUR, MINUTE, type EpochMicros, type TimeRange } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { forgetLedgerUnit } from './ledger-days-unit';
import { COVERAGE, COVERAGE_DAYS, DAY_CAPTURES } from './ledger-tables';
import { missingMinutesIn, noteStopUnit, STOP_NOTES, stoppedUnit, stopUnit } from './stops-unit';

const SYMBOL = 'BTCUSDT';
const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
/** Of the day that begins then. */
const CAPTURED_AT = MIDNIGHT + HOUR;

/** Around midnight. */
const range = fc
  .record({ start: fc.integer({ min: -12, max: 12 }), length: fc.integer({ min: 1, max: 8 }) })
  .map(({ start, length }): TimeRange => ({
    start: MIDNIGHT + start * MINUTE,
    end: MIDNIGHT + (start + length) * MINUTE,
  }));

const stop = fc.record({
  range,
  notedAt: fc.integer({ min: -90, max: 90 }).map((minute) => CAPTURED_AT + minute * MINUTE),
});

function minutesIn({ start, end }: TimeRange): EpochMicros[] {
  return Array.from({ length: (end - start) / MINUTE }, (_, index) => start + index * MINUTE);
}

describe('the units of stops', () => {
  let rows: MemoryRows;

  const begin = (captured: TimeRange): void => {
    rows = new MemoryRows();
    const run = {
      symbol: SYMBOL,
      startTime: captured.start,
      endTime: captured.end,
      state: 'captured',
      repaired: false,
    };
    const dates = new Set(minutesIn(captured).map((minute) => floorTo(minute, DAY)));
    const days = [...dates].map((date) => ({
      symbol: SYMBOL,
      date,
      captured: minutesIn(captured).filter((minute) => floorTo(minute, DAY) === date).length,
      quiet: 0,
      stopped: 0,
      repaired: 0,
      changedAt: 1,
      stoppedAt: null,
    }));
    rows.apply([
      { kind: 'add', table: COVERAGE, rows: [run] },
      { kind: 'add', table: COVERAGE_DAYS, rows: days },
      { kind: 'add', table: DAY_CAPTURES, rows: [{ symbol: SYMBOL, openTime: MIDNIGHT, capturedAt: CAPTURED_AT }] },
    ]);
  };

  const stopped = (): EpochMicros[] =>
    rows
      .all(COVERAGE)
      .filter(({ state }) => state === 'stopped')
      .flatMap(({ startTime, endTime }) => minutesIn({ start: startTime, end: endTime }));

  it('should record what is missing of a range as stopped, and keep the first note on each minute', () => {
    fc.assert(
      fc.property(range, fc.array(stop, { maxLength: 5 }), (captured, stops) => {
        begin(captured);
        const held = new Set(minutesIn(captured));
        const noted = new Map<EpochMicros, EpochMicros>();
        const lastNoted = new Map<EpochMicros, EpochMicros>();
        for (const { range: asked, notedAt } of stops) {
          const missing = minutesIn(asked).filter((minute) => !held.has(minute) && !noted.has(minute));
          const gaps = runUnit(rows, stopUnit(SYMBOL, asked, notedAt));
          expect(gaps.flatMap(minutesIn)).toEqual(missing);
          for (const minute of missing) {
            noted.set(minute, notedAt);
            const date = floorTo(minute, DAY);
            lastNoted.set(date, Math.max(lastNoted.get(date) ?? -Infinity, notedAt));
          }
        }
        const ascending = [...noted].sort(([a], [b]) => a - b);
        expect(stopped()).toEqual(ascending.map(([minute]) => minute));
        expect(
          rows
            .all(STOP_NOTES)
            .flatMap(({ startTime, endTime, notedAt }) =>
              minutesIn({ start: startTime, end: endTime }).map((minute) => [minute, notedAt]),
            ),
        ).toEqual(ascending);
        for (const date of new Set([...held, ...noted.keys()].map((minute) => floorTo(minute, DAY)))) {
          const ofDay = (minutes: Iterable<EpochMicros>): number =>
            [...minutes].filter((minute) => floorTo(minute, DAY) === date).length;
          const stoppedAt = lastNoted.get(date) ?? null;
          const changedAt = Math.max(stoppedAt ?? 0, date === MIDNIGHT ? CAPTURED_AT : 0);
          expect(rows.all(COVERAGE_DAYS).filter((row) => row.date === date)).toEqual([
            expect.objectContaining({
              captured: ofDay(held),
              stopped: ofDay(noted.keys()),
              stoppedAt,
              changedAt: stoppedAt === null ? 1 : changedAt,
            }),
          ]);
        }
        const all = { start: MIDNIGHT - HOUR, end: MIDNIGHT + HOUR };
        expect(runUnit(rows, findOnly(missingMinutesIn(SYMBOL, all))).flatMap(minutesIn)).toEqual(
          minutesIn(all).filter((minute) => !held.has(minute) && !noted.has(minute)),
        );
      }),
    );
  });

  it('should account for nothing before a minute any more once that is forgotten', () => {
    const minute = fc.integer({ min: -14, max: 14 }).map((index) => MIDNIGHT + index * MINUTE);
    fc.assert(
      fc.property(range, fc.array(stop, { maxLength: 3 }), minute, (captured, stops, horizon) => {
        begin(captured);
        for (const { range: asked, notedAt } of stops) runUnit(rows, stopUnit(SYMBOL, asked, notedAt));
        const before = stopped();
        runUnit(rows, forgetLedgerUnit(SYMBOL, horizon));
        expect(stopped()).toEqual(before.filter((one) => one >= horizon));
        expect(Math.min(...rows.all(COVERAGE).map(({ startTime }) => startTime))).toBeGreaterThanOrEqual(horizon);
        const days = rows.all(COVERAGE_DAYS);
        expect(days.filter(({ date }) => date < floorTo(horizon, DAY))).toEqual([]);
        for (const { date, captured: count, stopped: countOfStops } of days) {
          const ofDay = (minutes: readonly EpochMicros[]): number =>
            minutes.filter((one) => one >= horizon && floorTo(one, DAY) === date).length;
          expect([count, countOfStops]).toEqual([ofDay(minutesIn(captured)), ofDay(before)]);
        }
        expect(rows.all(STOP_NOTES).length).toBeGreaterThanOrEqual(before.length > 0 ? 1 : 0);
      }),
    );
  });

  it('should record stops and notes apart, where a database is made anew of what was noted', () => {
    const captured = { start: MIDNIGHT, end: MIDNIGHT + 2 * MINUTE };
    begin(captured);
    const gap = { start: MIDNIGHT + 2 * MINUTE, end: MIDNIGHT + 4 * MINUTE };
    runUnit(rows, noteStopUnit(SYMBOL, gap, CAPTURED_AT + 1));
    runUnit(rows, noteStopUnit(SYMBOL, { ...gap, end: gap.end + MINUTE }, CAPTURED_AT + 2));
    expect(stopped()).toEqual([]);
    runUnit(rows, stoppedUnit(SYMBOL, [gap], CAPTURED_AT + 1));
    expect(stopped()).toEqual(minutesIn(gap));
    expect(rows.all(STOP_NOTES)).toEqual([
      { symbol: SYMBOL, startTime: gap.start, endTime: gap.end, notedAt: CAPTURED_AT + 1 },
      { symbol: SYMBOL, startTime: gap.end, endTime: gap.end + MINUTE, notedAt: CAPTURED_AT + 2 },
    ]);
    runUnit(rows, stoppedUnit(SYMBOL, [], CAPTURED_AT + 9));
    expect(rows.all(COVERAGE_DAYS)).toEqual([expect.objectContaining({ stopped: 2, stoppedAt: CAPTURED_AT + 1 })]);
  });
});
