import { DAY, type CandleNumbers, type DayVerification, type KnownDifference } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { DAY_VERIFICATIONS, KNOWN_DIFFERENCES, knownDifferencesOf, verifiedUnit } from './day-verification-unit';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;

interface Compared {
  readonly day: DayVerification;
  /** Whether the difference is known to be the exchange's own. */
  readonly isKnown: boolean;
}

const compared = fc
  .record({
    symbol: fc.constantFrom(...SYMBOLS),
    date: fc.nat(3),
    result: fc.constantFrom('equal' as const, 'differs' as const),
    checkedAt: fc.nat(9),
    isKnown: fc.boolean(),
  })
  .map(({ isKnown, date, ...day }): Compared => {
    return { day: { ...day, date: MIDNIGHT + date * DAY }, isKnown: isKnown && day.result === 'differs' };
  });
const runs = fc.array(
  fc.uniqueArray(compared, { selector: ({ day: { symbol, date } }) => `${symbol} ${date}`, maxLength: 6 }),
  { maxLength: 5 },
);

const NUMBERS: CandleNumbers = {
  open: '1',
  high: '3',
  low: '0.5',
  close: '2',
  volume: '2.00',
  quoteVolume: '10.00',
  tradeCount: 1,
  takerBuyVolume: '1.00',
  takerBuyQuoteVolume: '5.00',
};

function differenceOf({ symbol, date, checkedAt }: DayVerification): KnownDifference {
  const exchange = { ...NUMBERS, volume: '2.01' };
  return { symbol, date, reason: 'contradiction', stored: NUMBERS, exchange, foundAt: checkedAt };
}

describe('the unit of compared days', () => {
  it('should know of each day what was found last, and its difference where that was known then', () => {
    fc.assert(
      fc.property(runs, (given) => {
        const rows = new MemoryRows();
        const results = new Map<string, DayVerification>();
        const differences = new Map<string, KnownDifference>();
        for (const run of given) {
          const known = run.flatMap(({ day, isKnown }) => (isKnown ? [differenceOf(day)] : []));
          runUnit(
            rows,
            verifiedUnit(
              run.map(({ day }) => day),
              known,
            ),
          );
          for (const { day } of run) {
            results.set(`${day.symbol} ${day.date}`, day);
            differences.delete(`${day.symbol} ${day.date}`);
          }
          for (const difference of known) differences.set(`${difference.symbol} ${difference.date}`, difference);
        }
        const found = SYMBOLS.flatMap((symbol) => runUnit(rows, findOnly(knownDifferencesOf(symbol))));
        const byKey = [...differences.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
        expect(found).toEqual(byKey);
        expect(rows.all(DAY_VERIFICATIONS)).toHaveLength(results.size);
        expect(rows.all(DAY_VERIFICATIONS)).toEqual(expect.arrayContaining([...results.values()]));
      }),
    );
  });

  it('should leave differences alone of days that were not compared', () => {
    const rows = new MemoryRows();
    const [first, second] = [0, 1].map((date): DayVerification => {
      return { symbol: 'BTCUSDT', date: MIDNIGHT + date * DAY, result: 'differs', checkedAt: 1 };
    }) as [DayVerification, DayVerification];
    runUnit(rows, verifiedUnit([first], [differenceOf(first), differenceOf(second)]));
    expect(rows.all(KNOWN_DIFFERENCES).map(({ date }) => date)).toEqual([first.date]);
    runUnit(rows, verifiedUnit([second], []));
    expect(rows.all(KNOWN_DIFFERENCES).map(({ date }) => date)).toEqual([first.date]);
  });

  it('should keep the numbers alone, in their order', () => {
    const rows = new MemoryRows();
    const day: DayVerification = { symbol: 'BTCUSDT', date: MIDNIGHT, result: 'differs', checkedAt: 1 };
    const { open, ...others } = { ...buildMinute('BTCUSDT', MIDNIGHT), ...NUMBERS };
    runUnit(rows, verifiedUnit([day], [{ ...differenceOf(day), stored: { ...others, open } }]));
    expect(rows.all(KNOWN_DIFFERENCES)[0]?.storedNumbers).toBe(
      '{"open":"1","high":"3","low":"0.5","close":"2","volume":"2.00","quoteVolume":"10.00","tradeCount":1,' +
        '"takerBuyVolume":"1.00","takerBuyQuoteVolume":"5.00"}',
    );
  });
});
