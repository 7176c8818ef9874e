import { MINUTE, type EpochMicros, type TimeRange, type UnfilledRange } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import { UNFILLED_RANGES, unfilledUnit } from './unfilled-unit';

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
});
