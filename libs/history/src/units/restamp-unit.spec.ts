import { asCaptured, MINUTE, SECOND, type ClockSpan, type MinuteCandle } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { versionsOf } from '../candle-versions';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { runUnit } from '../rows/unit';
import { FIRST_REVISIONS } from './first-revisions';
import { minuteUnit } from './minute-unit';
import { restampUnit, type RestampedMinutes } from './restamp-unit';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;

/** Captured in truth by the end of the first ten minutes, and stamped an hour later. */
const SPAN: ClockSpan = {
  start: MIDNIGHT + 60 * MINUTE,
  end: MIDNIGHT + 70 * MINUTE,
  until: MIDNIGHT + 10 * MINUTE,
};

const capture = fc
  .record({
    minute: fc.integer({ min: 0, max: 2 }),
    close: fc.constantFrom('10.5', '10.50', '11', '12'),
    isAhead: fc.boolean(),
    second: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ minute, close, isAhead, second }): MinuteCandle => {
    const openTime = MIDNIGHT + minute * MINUTE;
    const capturedAt = (isAhead ? SPAN.start : openTime + MINUTE) + second * SECOND;
    return buildMinute('BTCUSDT', openTime, { close, capturedAt });
  });

const OPEN_TIMES = [0, 1, 2].map((minute) => MIDNIGHT + minute * MINUTE);

function storedFrom(captures: readonly MinuteCandle[]): MemoryRows {
  const rows = new MemoryRows();
  runUnit(rows, minuteUnit(captures));
  return rows;
}

const restamp = (rows: MemoryRows): RestampedMinutes => runUnit(rows, restampUnit('BTCUSDT', OPEN_TIMES, [SPAN]));

describe('a unit that restamps minutes', () => {
  it('should keep what their captures say with the stamps that are true', () => {
    fc.assert(
      fc.property(fc.array(capture, { minLength: 1, maxLength: 12 }), (captures) => {
        const rows = storedFrom(captures);
        const before = new Map(rows.all(CANDLES_1M).map((row) => [row.openTime, row]));
        const { changed, raised, bySymbol } = restamp(rows);
        for (const [openTime, old] of before) {
          const ofMinute = <Row extends { readonly openTime: number }>(all: readonly Row[]): Row[] =>
            all.filter((row) => row.openTime === openTime);
          const expected = versionsOf(ofMinute(captures).map((one) => asCaptured(one, [SPAN])));
          const [current] = ofMinute(rows.all(CANDLES_1M));
          const revisions = ofMinute(rows.all(CANDLE_REVISIONS));
          const versions = [...revisions, ...(current ? [current] : [])];
          const numbersOf = (list: readonly MinuteCandle[]): unknown =>
            list.map(({ close, capturedAt }) => [Number(close), capturedAt]);
          expect(numbersOf(versions)).toEqual(numbersOf(expected.versions));
          expect(revisions.map(({ supersededAt }) => supersededAt)).toEqual(
            expected.versions.slice(1).map(({ capturedAt }) => capturedAt),
          );
          expect(numbersOf(ofMinute(rows.all(CANDLE_REPEATS)))).toEqual(numbersOf(expected.repeats));

          // An answer that was given keeps its revision, and another one has a higher one.
          const isRevised = Number(current?.close) !== Number(old.close);
          expect(current?.revision).toBeGreaterThanOrEqual(old.revision + (isRevised ? 1 : 0));
          expect(changed.filter((one) => one.openTime === openTime)).toEqual(
            isRevised ? [{ symbol: 'BTCUSDT', openTime, revision: current?.revision }] : [],
          );
          const first = versions[0]?.revision ?? 0;
          expect(raised.filter((one) => one.openTime === openTime)).toEqual(
            first > 1 ? [{ symbol: 'BTCUSDT', openTime, revision: first }] : [],
          );
        }
        expect(rows.all(FIRST_REVISIONS)).toEqual(raised);
        expect(bySymbol.map(({ added, revised }) => [added, [...revised].sort()])).toEqual([
          [[], [...before.keys()].sort()],
        ]);
      }),
    );
  });

  it('should leave minutes as they are that it has restamped before', () => {
    fc.assert(
      fc.property(fc.array(capture, { minLength: 1, maxLength: 12 }), (captures) => {
        const rows = storedFrom(captures);
        restamp(rows);
        const tables = [CANDLES_1M, CANDLE_REVISIONS, CANDLE_REPEATS, FIRST_REVISIONS] as const;
        const before = tables.map((table) => rows.all<object>(table));
        expect(restamp(rows)).toMatchObject({ changed: [], promoted: [], raised: [] });
        expect(tables.map((table) => rows.all<object>(table))).toEqual(before);
      }),
    );
  });

  it('should give a capture that surfaces the stamp that its line has', () => {
    const openTime = MIDNIGHT;
    const first = buildMinute('BTCUSDT', openTime, { close: '11', capturedAt: openTime + 2 * MINUTE });
    const ahead = buildMinute('BTCUSDT', openTime, { close: '11.0', capturedAt: SPAN.start + SECOND });
    const rows = storedFrom([first]);
    rows.apply([{ kind: 'put', table: CANDLE_REPEATS, rows: [{ ...ahead, recorded: false }] }]);
    expect(restamp(rows).promoted).toEqual([ahead]);
    expect(rows.all(CANDLES_1M).map(({ capturedAt }) => capturedAt)).toEqual([openTime + MINUTE]);
  });

  it('should do nothing with minutes that are not there', () => {
    const rows = new MemoryRows();
    expect(restamp(rows)).toEqual({ promoted: [], changed: [], bySymbol: [], raised: [] });
    expect(rows.all(CANDLES_1M)).toEqual([]);
  });
});
