import { DAY, HOUR, MINUTE, SECOND, type CandleInterval, type EpochMicros, type StoredCandle } from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import type { Readers } from '../support/stored-history';
import { candleEvent, NOON, ORIGIN, TestStore } from '../support/test-store';

const SYMBOL = 'BTCUSDT';
const BEGIN = NOON - 12 * HOUR;
const DAYS = 5;
const INTERVALS = ['5m', '30m'] as const;

/** What may happen to a stored minute between two questions. */
interface Change {
  readonly minute: number;
  readonly close: string;
  readonly later: number;
}

describe('candles that are made of minutes, asked for again', () => {
  let store: TestStore;
  let opened: WriteStore;

  beforeEach(async () => {
    store = new TestStore();
    store.clock.set(BEGIN + (DAYS + 1) * DAY);
    opened = await store.open();
    await opened.history.saveFirstMinute(SYMBOL, BEGIN, ORIGIN);
  });

  afterEach(() => store.dispose());

  const take = async (...minutes: readonly (readonly [EpochMicros, string, EpochMicros])[]): Promise<void> => {
    await store.take(
      ...minutes.map(([openTime, close, capturedAt]) =>
        candleEvent(buildMinute(SYMBOL, openTime, { close, capturedAt })),
      ),
    );
  };
  const capturedAt = (index: number): EpochMicros => BEGIN + (index + 1) * MINUTE + 2 * SECOND;
  const minutes = (from: number, to: number): Promise<void> =>
    take(
      ...Array.from(
        { length: to - from },
        (_, index) => [BEGIN + (from + index) * MINUTE, '100.50', capturedAt(from + index)] as const,
      ),
    );

  async function all(readers: Readers, interval: CandleInterval, start?: EpochMicros): Promise<StoredCandle[]> {
    return readers.candles.range([SYMBOL], interval, start === undefined ? {} : { start }, 5_000);
  }

  /** Asks the readers that have answered before, then ones that remember nothing. */
  async function expectSame(asked: Readers, start?: EpochMicros): Promise<void> {
    const answers = [];
    for (const interval of INTERVALS) answers.push(await all(asked, interval, start));
    const fresh = await store.freshReaders();
    try {
      for (const [index, interval] of INTERVALS.entries()) {
        expect(answers[index]).toEqual(await all(fresh.readers, interval, start));
      }
    } finally {
      await fresh.close();
    }
  }

  it('should be those that are made anew, whatever came to be stored in between', async () => {
    await minutes(0, 2 * 1_440);
    // A hole, and a day that is still going on.
    await minutes(2 * 1_440 + 30, 3 * 1_440);
    await minutes(4 * 1_440, 4 * 1_440 + 700);
    const readers = await store.readers();
    await expectSame(readers);
    await expectSame(readers);
    const change = fc.record({
      minute: fc.nat(DAYS * 1_440 - 1),
      close: fc.constantFrom('100.50', '99.75', '101.25'),
      later: fc.integer({ min: 1, max: 3 * 1_440 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(DAYS * 1_440), { nil: undefined }),
        async (changes: readonly Change[], from) => {
          await take(
            ...changes.map(
              ({ minute, close, later }) =>
                [BEGIN + minute * MINUTE, close, capturedAt(minute) + later * MINUTE] as const,
            ),
          );
          await expectSame(readers, from === undefined ? undefined : BEGIN + from * MINUTE);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('should end with the minutes, where those are removed after their time of retention', async () => {
    await minutes(0, 2 * 1_440);
    const readers = await store.readers();
    expect(await all(readers, '15m')).toHaveLength(2 * 96);
    await opened.upkeep.retain(
      { bronzeDays: undefined, minutesDays: 1, eventsDays: undefined, changesHours: 168 },
      new AbortController().signal,
    );
    expect(await all(readers, '15m')).toEqual([]);
    expect(await all(readers, '1d')).toHaveLength(2);
  });

  it('should be what was known at a time, whatever is remembered of what is known now', async () => {
    await minutes(0, 1_440);
    const readers = await store.readers();
    expect((await all(readers, '15m'))[0]?.close).toBe('100.50');
    await take([BEGIN + 14 * MINUTE, '99.75', BEGIN + 2 * DAY]);
    expect((await all(readers, '15m'))[0]?.close).toBe('99.75');
    const known = await readers.candles.range([SYMBOL], '15m', {}, 5_000, undefined, BEGIN + DAY + MINUTE);
    expect(known[0]?.close).toBe('100.50');
    expect((await all(readers, '15m'))[0]?.close).toBe('99.75');
  });

  it('should not be more than are asked for, and go on behind the last one', async () => {
    await minutes(0, 3 * 1_440);
    const readers = await store.readers();
    const whole = await all(readers, '15m');
    const first = await readers.candles.range([SYMBOL], '15m', {}, 100);
    const { openTime: time, symbol } = first.at(-1) as StoredCandle;
    const rest = await readers.candles.range([SYMBOL], '15m', {}, 5_000, { time, symbol });
    expect([...first, ...rest]).toEqual(whole);
    expect(whole).toHaveLength(3 * 96);
  });
});
