import { BucketGrid, DAY, floorTo, HOUR, MINUTE, type CandleInterval, type EpochMicros } from '@app/domain';
import fc from 'fast-check';
import { mergeRollUps, rollUpMinutes, type JoinedMinute, type RollUp, type RollUpMinute } from '../roll-up';
import { bucketChunks } from './candle-chunks';
import { CandleLevel } from './candle-level';
import { STAMP_BITS, type AccountRows, type CandleRows, type DayStamp, type StoredRollUp } from './candle-rows';
import { MinuteAccounts } from './minute-accounts';
import { RolledDays } from './rolled-days';

const T = Date.UTC(2026, 0, 15) * 1_000;
const END = T + 3 * DAY;
/** Long after all captures. */
const LATER = END + DAY;
const SYMBOL = 'BTCUSDT';

type Known = Required<RollUpMinute>;

/** Versions of a minute, the current one last. */
type Versions = readonly Known[];

function minute(openTime: EpochMicros, price: number, capturedAt: EpochMicros, revision: number): Known {
  const [text, high] = [`${price}.5`, `${price + 1}`];
  const prices = { open: text, high, low: text, close: high };
  const sums = { volume: '2.25', quoteVolume: '3', takerBuyVolume: '1', takerBuyQuoteVolume: '1' };
  return { ...prices, ...sums, tradeCount: price, openTime, capturedAt, revision };
}

function joined(row: Known): JoinedMinute {
  const { openTime, tradeCount, capturedAt, revision, open, high, low, close, volume, quoteVolume } = row;
  const decimals = [open, high, low, close, volume, quoteVolume, row.takerBuyVolume, row.takerBuyQuoteVolume];
  return [openTime, tradeCount, capturedAt, revision, decimals.join(' ')];
}

/** Minutes with all their versions, in memory; hours and days are made of the current ones. */
class MemoryCandles implements CandleRows {
  /** By open time, ascending. */
  constructor(readonly versions: Map<EpochMicros, Versions>) {}

  private current(from: EpochMicros, until: EpochMicros): Known[] {
    const all = [...this.versions.values()].flatMap((versions) => versions.at(-1) ?? []);
    return all.filter(({ openTime }) => openTime >= from && openTime < until);
  }

  private supersededAt(openTime: EpochMicros, asOf: EpochMicros): Known | undefined {
    const versions = this.versions.get(openTime) ?? [];
    const known = versions.findLast(({ capturedAt }) => capturedAt <= asOf);
    return known === versions.at(-1) ? undefined : known;
  }

  firstMinute(_symbol: string, from: EpochMicros, until: EpochMicros): EpochMicros | undefined {
    return this.current(from, until)[0]?.openTime;
  }

  minutes(): never {
    throw new Error('larger candles are made of joined minutes');
  }

  superseded(): never {
    throw new Error('larger candles are made of joined minutes');
  }

  joinedMinutes(_symbol: string, from: EpochMicros, until: EpochMicros, size: number): JoinedMinute[] {
    return this.current(from, until).slice(0, size).map(joined);
  }

  rollUps(_symbol: string, interval: string, from: EpochMicros, until: EpochMicros, size: number): StoredRollUp[] {
    const length = interval === '1h' ? HOUR : DAY;
    const buckets = new Map<EpochMicros, Known[]>();
    for (const row of this.current(0, Infinity)) {
      const start = floorTo(row.openTime, length);
      buckets.set(start, [...(buckets.get(start) ?? []), row]);
    }
    return [...buckets]
      .filter(([openTime]) => openTime >= from && openTime < until)
      .slice(0, size)
      .map(([openTime, minutes]) => ({ openTime, rollUp: rollUpMinutes(minutes)! }));
  }

  joinedSuperseded(_symbol: string, openTime: EpochMicros, asOf: EpochMicros): JoinedMinute | undefined {
    const version = this.supersededAt(openTime, asOf);
    return version && joined(version);
  }

  joinedKnown(_symbol: string, from: EpochMicros, until: EpochMicros, asOf: EpochMicros): JoinedMinute[] {
    return this.current(from, until)
      .filter(({ capturedAt, revision }) => capturedAt <= asOf || revision > 1)
      .map(joined);
  }

  stampOf(_symbol: string, day: EpochMicros): DayStamp {
    const rows = this.current(day, day + DAY);
    return [
      rows.length,
      rows.reduce((sum, { revision }) => sum + revision, 0),
      rows.reduce((sum, { capturedAt }) => sum + (capturedAt % 2 ** STAMP_BITS), 0),
    ];
  }
}

const NOTHING_STOPPED: AccountRows = {
  firstDue: () => undefined,
  stopped: () => [],
  stoppedDays: () => [],
  notedStops: () => [],
  capturedBy: () => [],
};

/** A minute's place in three days, then its captures: how long after its close, with which price. */
const stores = fc
  .uniqueArray(
    fc.record({
      place: fc.integer({ min: 0, max: 3 * 1_440 - 1 }),
      captures: fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 9 })), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 60, selector: ({ place }) => place },
  )
  .map((rows) => {
    const versions = rows
      .sort((a, b) => a.place - b.place)
      .map(({ place, captures }): [EpochMicros, Versions] => {
        const openTime = T + place * MINUTE;
        const sorted = [...captures].sort(([a], [b]) => a - b);
        return [
          openTime,
          sorted.map(([late, price], index) => minute(openTime, price, openTime + late * MINUTE, index + 1)),
        ];
      });
    return new MemoryCandles(new Map(versions));
  });

const intervals = fc.constantFrom<CandleInterval>('5m', '15m', '2h', '4h', '1h', '3d');

/** What the question is answered with, by the definition: versions known by then, in buckets. */
function expected(
  store: MemoryCandles,
  grid: BucketGrid,
  asOf: EpochMicros,
  isStored: boolean,
): { openTime: EpochMicros; rollUp: RollUp }[] {
  const buckets = new Map<EpochMicros, Known[]>();
  for (const versions of store.versions.values()) {
    const known = versions.findLast(({ capturedAt }) => capturedAt <= asOf);
    if (!known) continue;
    const start = grid.startOf(known.openTime);
    buckets.set(start, [...(buckets.get(start) ?? []), known]);
  }
  return [...buckets].map(([openTime, minutes]) => ({
    openTime,
    rollUp: (isStored ? mergeRollUps(byHour(minutes)) : rollUpMinutes(minutes))!,
  }));
}

function byHour(minutes: readonly Known[]): RollUp[] {
  const hours = [...new Set(minutes.map(({ openTime }) => floorTo(openTime, HOUR)))];
  return hours.map((hour) => rollUpMinutes(minutes.filter(({ openTime }) => floorTo(openTime, HOUR) === hour))!);
}

async function answered(
  store: MemoryCandles,
  interval: CandleInterval,
  buckets: number,
  asOf: EpochMicros | undefined,
  days?: RolledDays,
): Promise<Record<string, unknown>[]> {
  const level = new CandleLevel(store, SYMBOL, asOf);
  const accounts = new MinuteAccounts(NOTHING_STOPPED, SYMBOL, asOf);
  const [grid, range] = [new BucketGrid(interval, T), { start: T, end: END }];
  const found: Record<string, unknown>[] = [];
  for await (const chunk of bucketChunks(level, accounts, SYMBOL, interval, grid, range, buckets, days)) {
    found.push(...chunk.map((candle) => ({ ...candle })));
  }
  return found;
}

/** What of an answer and of what is expected has to be the same. */
function numbersOf({ openTime, rollUp }: { openTime: EpochMicros; rollUp: RollUp }): Record<string, unknown> {
  const { open, high, low, close, volume, quoteVolume, tradeCount, capturedAt, revision } = rollUp;
  return { openTime, open, high, low, close, volume, quoteVolume, tradeCount, capturedAt, revision };
}

describe('candles of an interval', () => {
  it('should be made of the versions known at any time, whatever the size of pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        stores,
        intervals,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 6_000 }),
        async (store, interval, buckets, late) => {
          const asOf = T + late * MINUTE;
          const wanted = expected(store, new BucketGrid(interval, T), asOf, !interval.endsWith('m'));
          const found = await answered(store, interval, buckets, asOf);
          expect(found).toEqual(wanted.map((candle): unknown => expect.objectContaining(numbersOf(candle))));
        },
      ),
    );
  });

  it('should be the same with days that are remembered, also after any of their minutes has changed', async () => {
    await fc.assert(
      fc.asyncProperty(stores, fc.nat(), async (store, pick) => {
        // The last minute of each day: days that are over are remembered.
        for (let day = T; day < END; day += DAY) {
          const last = day + DAY - MINUTE;
          store.versions.set(last, store.versions.get(last) ?? [minute(last, 1, last + MINUTE, 1)]);
        }
        const whole = new MemoryCandles(new Map([...store.versions].sort(([a], [b]) => a - b)));
        const days = new RolledDays(whole);
        const first = await answered(whole, '5m', 1_000, undefined, days);
        expect(await answered(whole, '5m', 1_000, undefined, days)).toEqual(first);
        expect(first).toEqual(await answered(whole, '5m', 1_000, undefined));
        const [openTime, versions] = [...whole.versions][pick % whole.versions.size]!;
        whole.versions.set(openTime, [...versions, minute(openTime, 42, LATER, versions.length + 1)]);
        const changed = await answered(whole, '5m', 1_000, undefined, days);
        expect(changed).toEqual(await answered(whole, '5m', 1_000, undefined));
        expect(changed).not.toEqual(first);
      }),
    );
  });
});
