import { DAY, MINUTE, type MinuteCandle } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { runUnit } from '../rows/unit';
import { dayUnit, type DayOutcome } from './day-unit';
import { FIRST_REVISIONS } from './first-revisions';
import { DAY_ENDS, minuteUnit } from './minute-unit';
import { STOP_NOTES } from './stops-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const RANGE = { start: MIDNIGHT, end: MIDNIGHT + DAY };
const SYMBOL = 'BTCUSDT';

const minute = (number: number, changes: Partial<MinuteCandle> = {}): MinuteCandle =>
  buildMinute(SYMBOL, MIDNIGHT + number * MINUTE, changes);

const fetched = (number: number, close: string): MinuteCandle =>
  minute(number, { close, capturedAt: MIDNIGHT + 2 * DAY, source: 'archive' });

function followDay(rows: MemoryRows): void {
  const lastMinute = rows.all(CANDLES_1M).at(-1)?.openTime;
  if (lastMinute === undefined) return;
  rows.apply([{ kind: 'put', table: DAY_ENDS, rows: [{ symbol: SYMBOL, openTime: MIDNIGHT, lastMinute }] }]);
}

function write(rows: MemoryRows, candles: readonly MinuteCandle[]): DayOutcome {
  const outcome = runUnit(rows, dayUnit(SYMBOL, { range: RANGE, candles }));
  followDay(rows);
  return outcome;
}

/** Numbers of some minutes of the day, each once and ascending. */
const minutes = fc
  .uniqueArray(fc.tuple(fc.nat({ max: 9 }), fc.constantFrom('10.5', '10.50', '11')), { selector: ([number]) => number })
  .map((given) => given.sort(([a], [b]) => a - b));

describe('a unit of a day', () => {
  it('should leave the minutes that new and differing ones leave one by one', () => {
    fc.assert(
      fc.property(minutes, minutes, (before, day) => {
        const [whole, single] = [new MemoryRows(), new MemoryRows()];
        for (const rows of [whole, single]) {
          runUnit(rows, minuteUnit(before.map(([number, close]) => minute(number, { close }))));
          followDay(rows);
        }
        const known = new Map(before.map(([number, close]) => [number, Number(close)]));
        const outcome = write(
          whole,
          day.map(([number, close]) => fetched(number, close)),
        );
        const outcomes: string[] = [];
        for (const [number, close] of day) {
          if (known.get(number) === Number(close)) outcomes.push('repeat');
          else outcomes.push(...runUnit(single, minuteUnit([fetched(number, close)])).outcomes);
          followDay(single);
        }
        for (const table of [CANDLES_1M, CANDLE_REVISIONS, CANDLE_REPEATS]) {
          expect(whole.all<object>(table)).toEqual(single.all<object>(table));
        }
        const count = (wanted: string): number => outcomes.filter((one) => one === wanted).length;
        expect(outcome.counts).toEqual({
          taken: count('taken'),
          repeats: count('repeat'),
          revisions: count('revision'),
        });
        expect(outcome.isFilled).toBe(before.length === 0 && day.length > 0);
        expect(outcome.changed.map(({ openTime }) => openTime)).toEqual(
          day.filter((_, index) => outcomes[index] !== 'repeat').map(([number]) => MIDNIGHT + number * MINUTE),
        );
      }),
    );
  });

  it('should ask no more of a day of which nothing is stored than that, and for earlier answers', () => {
    const rows = new MemoryRows();
    const candles = Array.from({ length: 1_440 }, (_, number) => fetched(number, '11'));
    const { bySymbol, changed } = write(rows, candles);
    expect(rows.rounds).toBe(2);
    expect(rows.all(CANDLES_1M)).toEqual(candles.map((candle) => ({ ...candle, revision: 1 })));
    expect(changed).toHaveLength(1_440);
    expect(bySymbol).toEqual([
      {
        symbol: SYMBOL,
        added: rows.all(CANDLES_1M),
        revised: [],
        changed: candles.map(({ openTime, tradeCount, capturedAt }) => ({
          openTime,
          tradeCount,
          firstCapturedAt: capturedAt,
          isNew: true,
        })),
      },
    ]);
  });

  it('should count from a higher revision on what had been noted as stopped, or was raised', () => {
    const rows = new MemoryRows();
    const note = { symbol: SYMBOL, startTime: MIDNIGHT, endTime: MIDNIGHT + MINUTE, notedAt: MIDNIGHT + DAY };
    rows.apply([
      { kind: 'add', table: STOP_NOTES, rows: [note] },
      { kind: 'add', table: FIRST_REVISIONS, rows: [{ symbol: SYMBOL, openTime: MIDNIGHT + MINUTE, revision: 3 }] },
    ]);
    const { changed } = write(
      rows,
      [0, 1, 2].map((number) => fetched(number, '11')),
    );
    expect(changed.map(({ revision }) => revision)).toEqual([2, 3, 1]);
    expect(rows.all(CANDLES_1M).map(({ revision }) => revision)).toEqual([2, 3, 1]);
  });

  it('should not fill a day whose minutes retention has removed', () => {
    const rows = new MemoryRows();
    rows.apply([
      { kind: 'put', table: DAY_ENDS, rows: [{ symbol: SYMBOL, openTime: MIDNIGHT, lastMinute: MIDNIGHT + MINUTE }] },
      { kind: 'put', table: STORE_FACTS, rows: [{ name: MINUTES_REMOVED_FACT, value: String(MIDNIGHT + DAY) }] },
    ]);
    expect(write(rows, [fetched(0, '11'), fetched(5, '11')]).counts).toEqual({ taken: 0, repeats: 2, revisions: 0 });
    expect(rows.all(CANDLES_1M)).toEqual([]);
  });

  it('should ask nothing of a day without minutes', () => {
    const rows = new MemoryRows();
    expect(write(rows, []).counts).toEqual({ taken: 0, repeats: 0, revisions: 0 });
    expect(rows.rounds).toBe(0);
  });
});
