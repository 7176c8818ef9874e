import { MINUTE, type EpochMicros, type TimeRange, type UnfilledRange } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import { COVERAGE } from './ledger-tables';
import { filledUnit, leftOutUnit, UNFILLED_RANGES, unfilledUnit } from './unfilled-unit';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const range = fc
  .record({ start: fc.integer({ min: 0, max: 20 }), length: fc.integer({ min: 1, max: 10 }) })
  .map(({ start, length }): TimeRange => ({ start: NOON + start * MINUTE, end: NOON + (start + length) * MINUTE }));

const noted = fc.record({
  symbol: fc.constantFrom('BTCUSDT', 'ETHUSDT'),
  range,
  reason: fc.option(fc.constantFrom('a', 'b')),
  askedAt: fc.integer({ min: 1, max: 9 }),
});

function minutesIn({ start, end }: TimeRange): EpochMicros[] {
  return Array.from({ length: (end - start) / MINUTE }, (_, index) => start + index * MINUTE);
}

describe('the unit of why minutes are missing', () => {
  it('should know of each minute what was noted last, as disjoint ranges', () => {
    fc.assert(
      fc.property(fc.array(noted, { maxLength: 8 }), (given) => {
        const rows = new MemoryRows();
        const expected = new Map<string, string>();
        for (const { symbol, range: asked, reason, askedAt } of given) {
          const notes: UnfilledRange[] = reason === null ? [] : [{ ...asked, reason, askedAt }];
          runUnit(rows, unfilledUnit(symbol, asked, notes));
          for (const minute of minutesIn(asked)) {
            if (reason === null) expected.delete(`${symbol} ${minute}`);
            else expected.set(`${symbol} ${minute}`, `${reason} ${askedAt}`);
          }
        }
        const known = rows
          .all(UNFILLED_RANGES)
          .flatMap(({ symbol, startTime, endTime, reason, askedAt }) =>
            minutesIn({ start: startTime, end: endTime }).map(
              (minute) => [`${symbol} ${minute}`, `${reason} ${askedAt}`] as const,
            ),
          );
        expect(known).toHaveLength(expected.size);
        expect(new Map(known)).toEqual(expected);
      }),
    );
  });

  /** Accounts for minutes, counted from noon. */
  function account(rows: MemoryRows, minutes: readonly number[]): void {
    const runs = [...new Set(minutes)].map((minute) => ({
      symbol: 'BTCUSDT',
      startTime: NOON + minute * MINUTE,
      endTime: NOON + (minute + 1) * MINUTE,
      state: 'captured',
      repaired: false,
    }));
    rows.apply([{ kind: 'add', table: COVERAGE, rows: runs }]);
  }

  const known = (rows: MemoryRows): (readonly [EpochMicros, string])[] =>
    rows
      .all(UNFILLED_RANGES)
      .flatMap(({ startTime, endTime, reason, askedAt }) =>
        minutesIn({ start: startTime, end: endTime }).map((minute) => [minute, `${reason} ${askedAt}`] as const),
      );

  const accounted = fc.array(fc.integer({ min: -2, max: 32 }), { maxLength: 20 });
  const notes = fc.array(
    noted.filter(({ reason }) => reason !== null),
    { maxLength: 6 },
  );

  it('should know of minutes that were left out why, where they are missing', () => {
    fc.assert(
      fc.property(accounted, notes, range, (captured, given, asked) => {
        const rows = new MemoryRows();
        account(rows, captured);
        for (const { range: of, reason } of given) {
          runUnit(rows, unfilledUnit('BTCUSDT', of, [{ ...of, reason: String(reason), askedAt: 1 }]));
        }
        const expected = new Map(known(rows));
        const isMissing = (minute: EpochMicros): boolean => !captured.includes((minute - NOON) / MINUTE);
        for (const minute of minutesIn(asked).filter(isMissing)) expected.set(minute, 'its volume 7');
        runUnit(rows, leftOutUnit('BTCUSDT', { ...asked, reason: 'broken', detail: 'its volume' }, 7));
        expect(known(rows)).toHaveLength(expected.size);
        expect(new Map(known(rows))).toEqual(expected);
      }),
    );
  });

  it('should forget of the minutes of a range why they were missing, where they are not any more', () => {
    fc.assert(
      fc.property(accounted, notes, range, (captured, given, { start, end }) => {
        const rows = new MemoryRows();
        for (const { range: of, reason } of given) {
          runUnit(rows, unfilledUnit('BTCUSDT', of, [{ ...of, reason: String(reason), askedAt: 1 }]));
        }
        const before = known(rows);
        account(rows, captured);
        runUnit(rows, filledUnit('BTCUSDT', { start, end }));
        expect(known(rows)).toEqual(
          before.filter(([minute]) => minute < start || minute >= end || !captured.includes((minute - NOON) / MINUTE)),
        );
      }),
    );
  });
});
