import { DAY, HOUR, MINUTE, type EpochMicros, type SpanReader, type TimeRange } from '@app/domain';
import { buildMinute } from '@app/testing';
import type { Readers } from '../../support/stored-history';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../../support/test-store';

/** A table as its own reader has it, beside what is said of where it has rows. */
interface Subject {
  readonly spans: SpanReader;
  /** How long a bucket of the table is. */
  readonly length: EpochMicros;
  /** Where the buckets of the rows in a range begin. */
  starts(symbol: string, range: TimeRange): Promise<EpochMicros[]>;
}

const SUBJECTS: Record<string, (readers: Readers) => Subject> = {
  DailyBarReader: ({ bars }) => ({
    spans: bars,
    length: DAY,
    starts: async (symbol, range) => (await bars.bars([symbol], range)).map(({ date }) => date),
  }),
  HourlyBarReader: ({ hourlyBars }) => ({
    spans: hourlyBars,
    length: HOUR,
    starts: async (symbol, range) => (await hourlyBars.bars([symbol], range)).map(({ openTime }) => openTime),
  }),
  DailyMetricsReader: ({ metrics }) => ({
    spans: metrics,
    length: DAY,
    starts: async (symbol, range) => (await metrics.range([symbol], range, 1_000)).map(({ date }) => date),
  }),
  DayQualityReader: ({ quality }) => ({
    spans: quality,
    length: DAY,
    starts: async (symbol, range) => (await quality.days([symbol], range)).map(({ date }) => date),
  }),
};

const MIDNIGHT = NOON - (NOON % DAY);
const date = (day: number): EpochMicros => MIDNIGHT + day * DAY;
const ALWAYS: TimeRange = { start: date(-20), end: date(10) };

/** Minutes with holes of days between them, prices alone, a ledger without rows, and nothing at all. */
const [HOLES, LATER, PRICES, LEDGER, NOTHING] = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT'] as const;
const SYMBOLS = [LATER, HOLES, NOTHING, LEDGER, PRICES];

describe.each(Object.keys(SUBJECTS))('the contract of SpanReader: the %s of SQLite', (name) => {
  let store: TestStore;
  let subject: Subject;

  beforeAll(async () => {
    store = new TestStore();
    const { history } = await store.open();
    const minutes: readonly (readonly [string, EpochMicros])[] = [
      [HOLES, date(-9)],
      [HOLES, date(-9) + 5 * HOUR + 7 * MINUTE],
      [HOLES, date(-8) - MINUTE],
      [HOLES, date(-8)],
      [HOLES, date(-3) + 23 * HOUR],
      [LATER, date(-3) + HOUR],
      [LATER, NOON],
    ];
    await store.take(
      ...minutes.map(([symbol, openTime]) => candleEvent(buildMinute(symbol, openTime))),
      priceEvent(PRICES, date(-5)),
      priceEvent(PRICES, date(-2) + HOUR),
      priceEvent(LATER, date(-4)),
    );
    await history.track({ symbol: LEDGER, trackedSince: NOON - 2 * DAY, ledgerStart: date(-6) + HOUR }, ORIGIN);
    subject = SUBJECTS[name]!(await store.readers());
  });

  afterAll(() => store.dispose());

  it('should reach from the first bucket to the end of the last, of the symbols that have rows, as asked for', async () => {
    const wanted = await Promise.all(
      SYMBOLS.map(async (symbol) => {
        const starts = await subject.starts(symbol, ALWAYS);
        return starts.length === 0 ? [] : [{ start: starts[0]!, end: starts.at(-1)! + subject.length }];
      }),
    );
    expect(wanted.flat().length).toBeGreaterThan(1);
    expect(await subject.spans.spans(SYMBOLS)).toEqual(wanted.flat());
    expect(await subject.spans.spans([NOTHING, 'NOSUCH'])).toEqual([]);
    expect(await subject.spans.spans([])).toEqual([]);
  });

  it('should count the dates with rows of each half-open range, over the symbols', async () => {
    const starts = await Promise.all(SYMBOLS.map((symbol) => subject.starts(symbol, ALWAYS)));
    for (let first = -11; first <= 2; first += 1) {
      for (let end = first; end <= 3; end += 1) {
        const range = { start: date(first), end: date(end) };
        const dates = starts.map(
          (ofSymbol) =>
            new Set(
              ofSymbol.filter((time) => time >= range.start && time < range.end).map((time) => time - (time % DAY)),
            ).size,
        );
        expect({ first, end, dates: await subject.spans.countDates(SYMBOLS, range, 1_000) }).toEqual({
          first,
          end,
          dates: dates.reduce((sum, count) => sum + count, 0),
        });
      }
    }
    expect(await subject.spans.countDates([NOTHING, 'NOSUCH'], ALWAYS, 1_000)).toBe(0);
  });

  it('should say of more dates than are wanted that there are more, whether or not it counts them all', async () => {
    const all = await subject.spans.countDates(SYMBOLS, ALWAYS, 1_000);
    for (let most = 0; most <= all; most += 1) {
      const counted = await subject.spans.countDates(SYMBOLS, ALWAYS, most);
      expect(counted).toBeLessThanOrEqual(all);
      if (most < all) expect(counted).toBeGreaterThan(most);
      else expect(counted).toBe(all);
    }
  });
});
