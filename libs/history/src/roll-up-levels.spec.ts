import { DAY, floorTo, HOUR, MINUTE } from '@app/domain';
import fc from 'fast-check';
import { mergeRollUps, rollUpMinutes, type RollUp, type RollUpMinute } from './roll-up';
import { changedBuckets, extendedRollUp, rollUpBy } from './roll-up-levels';

const T = Date.UTC(2026, 0, 15, 22) * 1_000;

/** Minutes of some hours around midnight, each with a first and, now and then, a second version of its numbers. */
const minutes = fc
  .uniqueArray(
    fc.record({
      index: fc.integer({ min: 0, max: 239 }),
      tradeCount: fc.integer({ min: 0, max: 2 }),
      price: fc.integer({ min: 1, max: 50 }),
    }),
    { minLength: 1, maxLength: 40, selector: ({ index }) => index },
  )
  .map((row) =>
    row.map(({ index, tradeCount, price }): RollUpMinute => {
      const amount = String(tradeCount);
      return {
        openTime: T + index * MINUTE,
        capturedAt: T + index,
        revision: 1,
        open: String(price),
        high: String(price + 1),
        low: String(price),
        close: String(price),
        volume: amount,
        quoteVolume: amount,
        tradeCount,
        takerBuyVolume: amount,
        takerBuyQuoteVolume: amount,
      };
    }),
  );

const ascending = (row: Iterable<RollUpMinute>): RollUpMinute[] => [...row].sort((a, b) => a.openTime - b.openTime);

describe('levels of roll-ups', () => {
  it('should have a bucket for each that has a minute, made of its minutes', () => {
    fc.assert(
      fc.property(minutes, (row) => {
        const sorted = ascending(row);
        const hours = rollUpBy(sorted, HOUR);
        expect([...hours.keys()]).toEqual([...new Set(sorted.map(({ openTime }) => floorTo(openTime, HOUR)))]);
        for (const [start, hour] of hours) {
          expect(hour).toEqual(rollUpMinutes(sorted.filter(({ openTime }) => floorTo(openTime, HOUR) === start)));
        }
        for (const [start, day] of rollUpBy(sorted, DAY)) {
          const ofDay = [...hours].filter(([hour]) => floorTo(hour, DAY) === start).map(([, hour]) => hour);
          expect(day).toEqual(mergeRollUps(ofDay));
        }
      }),
    );
  });

  it('should be what all minutes make, in whatever units they come and are revised', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 });
    fc.assert(
      fc.property(minutes, cuts, fc.array(fc.nat(), { maxLength: 10 }), (row, sizes, revisions) => {
        const stored = new Map<number, RollUpMinute>();
        const hours = new Map<number, RollUp>();
        const write = (added: readonly RollUpMinute[], revised: readonly RollUpMinute[]): void => {
          for (const minute of [...added, ...revised]) stored.set(minute.openTime, minute);
          const times = revised.map(({ openTime }) => openTime);
          for (const { start, ...bucket } of changedBuckets(HOUR, ascending(added), times)) {
            const ofHour = ascending(stored.values()).filter(({ openTime }) => floorTo(openTime, HOUR) === start);
            const hour = extendedRollUp(hours.get(start), bucket) ?? rollUpMinutes(ofHour);
            if (hour) hours.set(start, hour);
          }
        };
        for (let start = 0, turn = 0; start < row.length; turn += 1) {
          const end = start + (sizes[turn % sizes.length] ?? 1);
          const pick = revisions[turn];
          const known = row.slice(0, start);
          const revised = pick === undefined || known.length === 0 ? [] : [known[pick % known.length]!];
          write(
            row.slice(start, end),
            revised.map((minute) => ({ ...minute, high: '99', revision: 2 })),
          );
          start = end;
        }
        expect(new Map([...hours].sort(([a], [b]) => a - b))).toEqual(rollUpBy(ascending(stored.values()), HOUR));
      }),
    );
  });
});
