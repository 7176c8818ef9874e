import { ARCHIVE_SOURCE, CANDLE_KIND, DAY, HOUR, MINUTE, type EpochMicros, type MinuteCandle } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { HistoryKinds } from '../kinds/history-kinds';
import { MonthsBefore } from '../metrics/months-before';
import { runUnit } from '../rows/unit';
import { unitsAfterMinutes } from '../units/after-minutes';
import { minuteUnit } from '../units/minute-unit';
import { FetchedCaptures } from './fetched-captures';
import { differencesOf, type CaptureDifference, type ReplayedLines } from './replay-comparison';

const SYMBOL = 'BTCUSDT';
const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const KINDS = new HistoryKinds([CANDLE_KIND]);
const { signal } = new AbortController();

/** The n-th capture of the n-th minute; two of a minute are an hour apart, and so may lie on two days. */
const capture = (minute: number, nth: number, volume = '1'): MinuteCandle => ({
  ...buildMinute(SYMBOL, NOON + minute * 6 * HOUR),
  volume,
  capturedAt: NOON + DAY + nth * HOUR,
});
const captures = fc.uniqueArray(
  fc
    .tuple(fc.nat(3), fc.nat(2), fc.constantFrom('1', '2'))
    .map(([minute, nth, volume]) => capture(minute, nth, volume)),
  { selector: ({ openTime, capturedAt }) => `${openTime} ${capturedAt}`, minLength: 1 },
);
const shuffled = captures.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
);

function tablesOf(candles: readonly MinuteCandle[]): MemoryRows {
  const rows = new MemoryRows();
  for (const candle of candles) take(rows, candle);
  return rows;
}

function take(rows: MemoryRows, candle: MinuteCandle): void {
  const { bySymbol } = runUnit(rows, minuteUnit([candle]));
  for (const unit of unitsAfterMinutes(bySymbol, new MonthsBefore())) runUnit(rows, unit);
}

/** Lines that were all there from the first reading on. */
const allRead = (firstDay: EpochMicros | undefined = NOON): ReplayedLines => ({
  firstDay: () => firstDay,
  catchUp: () => Promise.resolve(false),
});

describe('tables held against those that their lines make', () => {
  const compare = (
    stored: MemoryRows,
    replayed: MemoryRows,
    lines = allRead(),
    fetched = new FetchedCaptures(),
  ): Promise<CaptureDifference[]> =>
    differencesOf({ kinds: KINDS, stored, replayed, lines, fetched: () => fetched }, signal);
  const said = async (...tables: Parameters<typeof compare>): Promise<string[]> =>
    (await compare(...tables)).map(({ time, capturedAt, onlyIn }) => `${time} ${capturedAt} ${onlyIn}`).sort();
  const difference = ({ openTime, capturedAt }: MinuteCandle, onlyIn: 'bronze' | 'tables'): string =>
    `${openTime} ${capturedAt} ${onlyIn}`;

  it('should agree with what the same lines make in whatever order, each capture in any of the tables', async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, async ([all, others]) => {
        expect(await compare(tablesOf(all), tablesOf(others))).toEqual([]);
      }),
    );
  });

  it('should name each capture that one side lacks, and each with another number on both', async () => {
    await fc.assert(
      fc.asyncProperty(captures, fc.nat(), fc.constantFrom('line', 'row', 'number'), async (all, index, fault) => {
        const first = capture(-1, 0);
        const faulty = all[index % all.length] as MinuteCandle;
        const others = all.filter((each) => each !== faulty);
        const altered = { ...faulty, takerBuyVolume: '0.5' };
        const whole = tablesOf([first, ...all]);
        const lacking = tablesOf([first, ...others]);
        if (fault === 'line') expect(await said(whole, lacking)).toEqual([difference(faulty, 'tables')]);
        if (fault === 'row') expect(await said(lacking, whole)).toEqual([difference(faulty, 'bronze')]);
        if (fault === 'number') {
          expect(await said(tablesOf([first, ...others, altered]), whole)).toEqual([
            difference(faulty, 'bronze'),
            difference(faulty, 'tables'),
          ]);
        }
      }),
    );
  });

  it('should say the name of the table and the time as reports write it', async () => {
    expect(await compare(tablesOf([capture(0, 0)]), new MemoryRows())).toEqual([
      {
        table: 'candles_1m',
        symbol: SYMBOL,
        time: NOON,
        timeText: '2026-01-15T12:00:00Z',
        capturedAt: NOON + DAY,
        onlyIn: 'tables',
      },
    ]);
  });

  it('should not miss lines of minutes before the first that is stored', async () => {
    expect(await said(tablesOf([capture(1, 0)]), tablesOf([capture(0, 0), capture(1, 0)]))).toEqual([]);
    expect(await said(new MemoryRows(), tablesOf([capture(0, 0)]))).toEqual([difference(capture(0, 0), 'bronze')]);
  });

  it('should not miss lines of captures before the first day of which there are any', async () => {
    const [first, second] = [capture(0, 0), capture(1, 1)];
    const stored = tablesOf([first, second]);
    expect(await said(stored, new MemoryRows(), allRead(first.capturedAt + 1))).toEqual([difference(second, 'tables')]);
    const without = { ...allRead(), firstDay: () => undefined };
    expect(await said(stored, new MemoryRows(), without)).toEqual([]);
  });

  it('should not miss lines of what was fetched, nor of repeats that were kept without one', async () => {
    const [first, second] = [capture(0, 0), capture(1, 0)];
    const fetched = new FetchedCaptures();
    const range = { start: first.openTime, end: first.openTime + MINUTE };
    fetched.add({ symbol: SYMBOL, range, fetchedAt: first.capturedAt }, []);
    const stored = tablesOf([first, second]);
    stored.apply([{ kind: 'add', table: CANDLE_REPEATS, rows: [{ ...capture(0, 2), recorded: false }] }]);
    expect(await said(stored, new MemoryRows(), allRead(), fetched)).toEqual([difference(second, 'tables')]);
    stored.apply([{ kind: 'put', table: CANDLE_REPEATS, rows: [{ ...capture(0, 2), recorded: true }] }]);
    expect(await said(stored, new MemoryRows(), allRead(), fetched)).toEqual(
      [difference(capture(0, 2), 'tables'), difference(second, 'tables')].sort(),
    );
  });

  it('should look at superseded versions of minutes as at those that stand', async () => {
    const [first, second] = [capture(0, 0), capture(0, 1, '2')];
    const stored = tablesOf([first, second]);
    expect(stored.all(CANDLE_REVISIONS)).toHaveLength(1);
    expect(await said(stored, tablesOf([second]))).toEqual([difference(first, 'tables')]);
    expect(stored.all(CANDLES_1M)).toHaveLength(1);
  });

  describe('while lines go on coming', () => {
    /** Lines of which each reading after the first brings the next. */
    const comingInto = (replayed: MemoryRows, later: readonly MinuteCandle[]): ReplayedLines & { reads: number } => {
      const lines = {
        ...allRead(),
        reads: 0,
        catchUp: () => {
          const next = lines.reads === 0 ? undefined : later[lines.reads - 1];
          lines.reads += 1;
          if (next) take(replayed, next);
          return Promise.resolve(next !== undefined);
        },
      };
      return lines;
    };

    it('should read after what was written meanwhile before a difference counts', async () => {
      const later = [capture(1, 0), capture(2, 0)];
      const [stored, replayed] = [tablesOf([capture(0, 0), ...later]), tablesOf([capture(0, 0)])];
      const lines = comingInto(replayed, later);
      expect(await compare(stored, replayed, lines)).toEqual([]);
      expect(lines.reads).toBe(3);
    });

    it('should not read on where nothing differs, nor where nothing came', async () => {
      const agreeing = comingInto(new MemoryRows(), [capture(0, 0)]);
      expect(await compare(new MemoryRows(), new MemoryRows(), agreeing)).toEqual([]);
      expect(agreeing.reads).toBe(1);
      const [stored, replayed] = [tablesOf([capture(0, 0)]), new MemoryRows()];
      const silent = comingInto(replayed, []);
      expect(await compare(stored, replayed, silent)).toHaveLength(1);
      expect(silent.reads).toBe(2);
    });

    it('should end, however long lines come', async () => {
      const later = [0, 1, 2, 3, 4, 5].map((minute) => capture(minute, 0));
      const [stored, replayed] = [tablesOf(later), new MemoryRows()];
      const lines = comingInto(replayed, later);
      expect(await compare(stored, replayed, lines)).toHaveLength(3);
      expect(lines.reads).toBe(4);
    });
  });
});

describe('captures that were fetched', () => {
  const range = { start: NOON, end: NOON + HOUR };
  const fetchedAt = NOON + DAY;
  const of = (time: EpochMicros, capturedAt: EpochMicros, symbol = SYMBOL, source = 'binance-kline') => ({
    symbol,
    time,
    capturedAt,
    source,
    content: '',
    isUnrecorded: false,
  });

  it('should be those of its symbol, its range and its time alone', () => {
    const fetched = new FetchedCaptures();
    fetched.add({ symbol: SYMBOL, range, fetchedAt }, []);
    fetched.add({ symbol: SYMBOL, range: { start: NOON + 3 * HOUR, end: NOON + 4 * HOUR }, fetchedAt }, []);
    expect(fetched.has(of(range.start, fetchedAt))).toBe(true);
    expect(fetched.has(of(range.end - 1, fetchedAt))).toBe(true);
    expect(fetched.has(of(NOON + 3 * HOUR, fetchedAt))).toBe(true);
    expect(fetched.has(of(range.start - 1, fetchedAt))).toBe(false);
    expect(fetched.has(of(range.end, fetchedAt))).toBe(false);
    expect(fetched.has(of(range.start, fetchedAt + 1))).toBe(false);
    expect(fetched.has(of(range.start, fetchedAt, 'ETHUSDT'))).toBe(false);
  });

  it('should be all that came from a file, of which the manifest may hear later', () => {
    expect(new FetchedCaptures().has(of(NOON, NOON, SYMBOL, ARCHIVE_SOURCE))).toBe(true);
  });

  it('should be those too whose stamp, of a clock that was ahead, was put right', () => {
    const closed = NOON + MINUTE;
    const wrong = { start: fetchedAt, end: fetchedAt + 1, until: NOON + HOUR };
    const fetched = new FetchedCaptures();
    fetched.add({ symbol: SYMBOL, range, fetchedAt }, []);
    expect(fetched.has(of(NOON, closed))).toBe(false);
    fetched.add({ symbol: SYMBOL, range, fetchedAt }, [wrong]);
    expect(fetched.has(of(NOON, closed))).toBe(true);
    expect(fetched.has(of(NOON, closed + 1))).toBe(false);
    expect(fetched.has(of(NOON, closed, 'ETHUSDT'))).toBe(false);
    expect(fetched.has(of(range.end, range.end + MINUTE))).toBe(false);
  });
});
