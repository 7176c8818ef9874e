import {
  DAY,
  DailyTableQuery,
  HOUR,
  MILLISECOND,
  parseTimeBound,
  SpanReader,
  type TimeBound,
  type TimeRange,
} from '@app/domain';
import { ProblemError } from '@app/http';
import {
  DAILY_ROWS,
  dateWindow,
  HOURLY_ROWS,
  storedWindow,
  type DateWindow,
  type StoredWindow,
  type TableSize,
} from './date-window';

const date = (text: string): number => Date.parse(text) * MILLISECOND;
const NOW = date('2026-03-01T23:59:59.999Z');
const TODAY = date('2026-03-01');
/** A bound as callers write it. */
const bound = (text: string): TimeBound => parseTimeBound(text) as TimeBound;

function windowOf(query: Partial<DailyTableQuery>, size = DAILY_ROWS, now = NOW): DateWindow {
  return dateWindow(Object.assign(new DailyTableQuery(), query), now, size);
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail;
    throw error;
  }
  throw new Error('not refused');
}

/** Symbols that are stored over these spans, without holes unless told. */
class Stored extends SpanReader {
  constructor(
    private readonly ranges: readonly TimeRange[],
    private readonly dates = Infinity,
  ) {
    super();
  }

  spans(): Promise<TimeRange[]> {
    return Promise.resolve([...this.ranges]);
  }

  countDates(): Promise<number> {
    return Promise.resolve(this.dates);
  }
}

function storedOf(
  query: Partial<DailyTableQuery>,
  spans: readonly TimeRange[],
  { size = DAILY_ROWS, dates }: { size?: TableSize; dates?: number } = {},
): Promise<StoredWindow> {
  const names = spans.map((_, index) => `S${index}USDT`);
  return storedWindow(windowOf(query, size), new Stored(spans, dates), names, size);
}

const span = (start: string, end: string): TimeRange => ({ start: date(start), end: date(end) });
const ALWAYS = span('2010-01-01', '2026-03-02');
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('dateWindow', () => {
  it('should end with today and begin 90 dates before by default', () => {
    expect(windowOf({})).toEqual({
      range: { start: date('2025-12-02'), end: date('2026-03-02') },
      label: '90d',
      startSince: TODAY,
      endSince: TODAY,
    });
  });

  it('should take days as that many dates, today included', () => {
    expect(windowOf({ days: 1 }).range).toEqual({ start: date('2026-03-01'), end: date('2026-03-02') });
    expect(windowOf({ days: 3_650 }).range.end - windowOf({ days: 3_650 }).range.start).toBe(3_650 * DAY);
  });

  it('should take start and end half-open', () => {
    expect(windowOf({ start: date('2026-01-01'), end: date('2026-02-01') })).toEqual({
      range: { start: date('2026-01-01'), end: date('2026-02-01') },
      label: '2026-01-01_2026-02-01',
      startSince: undefined,
      endSince: undefined,
    });
  });

  it('should fill in the bound that is missing', () => {
    expect(windowOf({ start: date('2026-02-28') })).toMatchObject({
      range: { start: date('2026-02-28'), end: date('2026-03-02') },
      startSince: undefined,
      endSince: TODAY,
    });
    expect(windowOf({ end: date('2026-02-28') })).toMatchObject({
      range: { start: date('2026-02-28') - 90 * DAY, end: date('2026-02-28') },
      endSince: undefined,
    });
    expect(windowOf({ end: DAY }).range).toEqual({ start: 0, end: DAY });
    expect(windowOf({ end: date('2026-02-27T06:00:00Z') }).range.start).toBe(date('2026-02-28') - 90 * DAY);
  });

  it.each([
    ['1795753060123', '1795753060124', '2026-11-27', '2026-11-28'],
    ['2026-01-15T23:59:59.999Z', '2026-01-16T00:00:00Z', '2026-01-15', '2026-01-16'],
    ['2026-01-15T23:59:59.999Z', '2026-01-16T00:00:00.001Z', '2026-01-15', '2026-01-17'],
    ['2026-01-15T00:30:00+01:00', '2026-01-15T02:00:00+0100', '2026-01-14', '2026-01-16'],
    ['-24h', 'now', '2026-02-28', '2026-03-02'],
    ['-7d', 'today', '2026-02-22', '2026-03-01'],
  ])('should serve the dates that instants touch: from %s to %s', (start, end, first, last) => {
    expect(windowOf({ start: bound(start), end: bound(end) }).range).toEqual({ start: date(first), end: date(last) });
  });

  it('should serve the hours that instants touch where a row is an hour', () => {
    const query = { start: bound('2026-01-15T13:59:59.999Z'), end: bound('2026-01-16T00:00:00.001Z') };
    expect(windowOf(query, HOURLY_ROWS)).toMatchObject({
      range: { start: date('2026-01-15T13:00:00Z'), end: date('2026-01-16T01:00:00Z') },
      label: '2026-01-15T13_2026-01-16T01',
    });
    expect(windowOf({ start: bound('-90m'), end: bound('-30m') }, HOURLY_ROWS).range).toEqual({
      start: date('2026-03-01T22:00:00Z'),
      end: date('2026-03-02T00:00:00Z'),
    });
  });

  it('should know since when a bound that moves with time is where it is', () => {
    const at = (start: string, size: TableSize, now = NOW): number | undefined =>
      windowOf({ start: bound(start) }, size, now).startSince;
    expect(at('-7d', DAILY_ROWS)).toBe(TODAY);
    expect(at('-6h', DAILY_ROWS)).toBe(date('2026-03-01T06:00:00Z'));
    expect(at('-6h', DAILY_ROWS, date('2026-03-01T05:00:00Z'))).toBe(date('2026-02-28T06:00:00Z'));
    expect(at('-90m', HOURLY_ROWS)).toBe(date('2026-03-01T23:30:00Z'));
    expect(at('today', HOURLY_ROWS)).toBe(TODAY);
    expect(windowOf({ end: bound('-1d') }).endSince).toBe(TODAY);
  });

  it('should refuse days together with a bound', async () => {
    expect(await refusal(() => windowOf({ days: 30, start: date('2026-01-01') }))).toMatch(
      /^days: "30" is not allowed; expected either/,
    );
    expect(await refusal(() => windowOf({ days: 30, end: bound('now') }))).toMatch(/^days/);
  });

  it('should refuse empty and reversed windows, and starts after today', async () => {
    const [first, second] = [date('2026-01-01'), date('2026-01-02')];
    expect(await refusal(() => windowOf({ start: first, end: first }))).toMatch(/a date before end \(2026-01-01\)/);
    expect(await refusal(() => windowOf({ start: second, end: first }))).toMatch(/^start/);
    expect(await refusal(() => windowOf({ start: date('2026-03-02') }))).toMatch(/^start: "2026-03-02"/);
  });

  it('should name the bound that was given where the other one was filled in', async () => {
    expect(await refusal(() => windowOf({ end: bound('-999999d') }))).toMatch(
      /^end: "1970-01-01" .* a date after 1970-01-01$/,
    );
    expect(await refusal(() => windowOf({ start: date('2026-03-05') }))).toMatch(
      /^start: "2026-03-05" .* a date before 2026-03-02, where the window ends unless end is given$/,
    );
  });

  it('should refuse instants that are reversed, though they touch the same date', async () => {
    const [nine, noon] = [date('2026-01-15T09:00:00Z'), date('2026-01-15T12:00:00Z')];
    expect(await refusal(() => windowOf({ start: noon, end: nine }))).toMatch(
      /^start: "2026-01-15T12:00:00.000Z" .* a time before end \(2026-01-15T09:00:00.000Z\)/,
    );
    expect(await refusal(() => windowOf({ start: noon, end: noon }, HOURLY_ROWS))).toMatch(/^start/);
    expect(await refusal(() => windowOf({ start: bound('now'), end: bound('-5m') }))).toMatch(/^start/);
  });
});

describe('storedWindow', () => {
  it('should cut the window to what is stored', async () => {
    const spans = [span('2026-01-10', '2026-01-20'), span('2026-01-15', '2026-02-01')];
    expect(await storedOf({ days: 3_650 }, spans)).toMatchObject({
      range: span('2026-01-10', '2026-02-01'),
      rows: 27,
    });
    expect(await storedOf({ start: date('2026-01-18'), end: date('2026-01-25') }, spans)).toMatchObject({
      range: span('2026-01-18', '2026-01-25'),
      rows: 9,
    });
  });

  it.each([
    ['days', { days: 3_650 }],
    ['a start long ago', { start: 0 }],
    ['an end far ahead', { start: date('2000-01-01'), end: date('2199-01-01') }],
  ])('should not refuse %s for what was asked when little is stored', async (_what, query) => {
    const month = span('2026-01-30', '2026-03-02');
    const { range, rows } = await storedOf(query, times(5, month), { size: HOURLY_ROWS });
    expect([range, rows]).toEqual([month, 5 * 31 * 24]);
  });

  it.each([
    ['behind', span('2025-01-01', '2025-02-01')],
    ['ahead of', span('2026-02-20', '2026-03-02')],
  ])('should be empty %s what is stored', async (_where, stored) => {
    const { range, rows } = await storedOf({ start: date('2026-01-01'), end: date('2026-02-01') }, [stored]);
    expect([range.start === range.end, rows]).toEqual([true, 0]);
  });

  it('should be empty where nothing is stored, whatever is asked', async () => {
    const { range, rows } = await storedOf({ start: 0, end: date('2199-01-01') }, []);
    expect([range.start === range.end, rows]).toEqual([true, 0]);
  });

  it('should count the symbols for as long as each is stored, not all for as long as the oldest', async () => {
    const spans = [ALWAYS, ...times(1_400, span('2026-02-01', '2026-03-02'))];
    expect((await storedOf({ days: 3_650 }, spans)).rows).toBe(3_650 + 1_400 * 29);
  });

  it('should count the dates where long holes in them would make it too large', async () => {
    const spans = times(2, ALWAYS);
    expect((await storedOf({ days: 3_650 }, spans, { size: HOURLY_ROWS, dates: 62 })).rows).toBe(62 * 24);
  });

  it('should refuse what is too long, or has too many cells, of what is stored', async () => {
    const years = { start: date('2000-01-01'), end: date('2026-01-01') };
    expect(await refusal(() => storedOf(years, [ALWAYS]))).toMatch(/at most 3650 dates; this one has 5844/);
    expect(await refusal(() => storedOf({ days: 3_650 }, times(137, ALWAYS)))).toMatch(
      /^symbols: "137 symbols" is not allowed/,
    );
    expect((await storedOf({ days: 3_650 }, times(136, ALWAYS))).rows).toBe(136 * 3_650);
    expect((await storedOf({ days: 3_650 }, [ALWAYS], { size: HOURLY_ROWS })).rows).toBe(3_650 * 24);
    expect(await refusal(() => storedOf({ days: 3_650 }, times(2, ALWAYS), { size: HOURLY_ROWS }))).toMatch(
      /symbols times hours of at most 100000: .*\(2083 dates for 2/,
    );
  });

  it('should tell when it last moved over something that is stored', async () => {
    const moved = async (query: Partial<DailyTableQuery>, stored: TimeRange): Promise<number> =>
      (await storedOf(query, [stored])).movedAt;
    const january = span('2026-01-01', '2026-02-01');
    expect(await moved({ days: 90 }, january)).toBe(date('2026-01-31'));
    expect(await moved({ days: 50 }, january)).toBe(TODAY);
    // It began on February 2 first and left the last date behind a day before that.
    expect(await moved({ days: 28 }, january)).toBe(TODAY - DAY);
    expect(await moved({ days: 1 }, january)).toBe(date('2026-02-01'));
    expect(await moved({ start: date('2026-01-15'), end: date('2026-01-20') }, january)).toBe(0);
    expect(await moved({ start: date('2026-01-15'), end: bound('-10d') }, january)).toBe(date('2026-02-10'));
    expect(await moved({ days: 90 }, span('2026-03-02', '2026-03-03'))).toBe(0);
    expect(await moved({ start: date('2025-12-01'), end: bound('-6h') }, ALWAYS)).toBe(TODAY + 6 * HOUR);
  });
});
