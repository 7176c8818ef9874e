import { CANDLE_INTERVALS, storedIntervalOf, type CandleInterval, type CandleItem } from '@app/domain';
import { eventually } from '../support/app-process';
import { exchangeKlines, numbersOf, type KlineRow } from '../support/exchange-klines';
import { getAll, getJson } from '../support/http';
import { Stack, marketAt } from '../support/stack';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-01-08T09:41:30Z');
const BACKFILL_DAYS = 95;
const LEDGER_START = Math.floor(NOW / DAY_MS) * DAY_MS - BACKFILL_DAYS * DAY_MS;

/** Within the span: a pair listed in its course, and one whose minutes are mostly quiet. */
const LISTED_WITHIN = '币安人生USDT';
const QUIET = 'PAXGBTC';

/** Days around a stop of four hours and a quarter, and one of 23 minutes. */
const STOPS = [
  ['2025-12-17', '2025-12-19'],
  ['2025-12-31', '2026-01-02'],
] as const;

interface LedgerItem {
  readonly state: string;
  readonly end: string;
}

const itemOf = (row: KlineRow): Partial<CandleItem> => ({
  open_time: new Date(row[0]).toISOString(),
  close_time: new Date(row[6]).toISOString(),
  ...numbersOf(row),
});

const pick = (item: CandleItem, names: readonly string[]): Partial<CandleItem> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));

describe('candles of every interval', () => {
  const stack = new Stack({
    SYMBOLS: [LISTED_WITHIN, QUIET].join(','),
    CLOCK: 'simulator',
    BACKFILL_DAYS: String(BACKFILL_DAYS),
  });
  let api: string;

  const path = (symbol: string, interval: CandleInterval, more = ''): string =>
    `/candles?symbol=${encodeURIComponent(symbol)}&interval=${interval}${more}`;

  async function served(symbol: string, interval: CandleInterval, more = ''): Promise<CandleItem[]> {
    return getAll<CandleItem>(api, path(symbol, interval, `&limit=5000${more}`));
  }

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(NOW))]);
    await stack.start('standalone-app');
    api = await stack.urlOf('standalone-app');
    for (const symbol of [LISTED_WITHIN, QUIET]) {
      await eventually(
        `the history of ${symbol} is complete`,
        async () => {
          const ledger = await getAll<LedgerItem>(api, `/coverage?symbol=${encodeURIComponent(symbol)}&limit=5000`);
          const last = ledger.at(-1);
          const complete = ledger.every(({ state }) => state !== 'missing');
          return last && complete && Date.parse(last.end) >= NOW - 4 * 60_000 ? true : undefined;
        },
        600_000,
        500,
      );
    }
  });

  afterAll(async () => {
    await stack.close();
  });

  /** Longer candles are compared over the whole span, those made of minutes around two stops of the exchange. */
  function spansOf(interval: CandleInterval): [start: number, end: number][] {
    if (storedIntervalOf(interval) !== '1m') return [[LEDGER_START, NOW]];
    return STOPS.map(([from, to]) => [Date.parse(from), Date.parse(to)]);
  }

  it.each(CANDLE_INTERVALS)('should equal the %s klines of the exchange digit for digit', async (interval) => {
    for (const symbol of [LISTED_WITHIN, QUIET]) {
      for (const [start, end] of spansOf(interval)) {
        const klines = await exchangeKlines(stack.exchangeUrl, symbol, interval, start, end);
        const expected = klines.filter((row) => row[6] < NOW).map(itemOf);
        const items = await served(symbol, interval, `&start=${start}&end=${end}`);
        const closed = items.filter(({ close_time: time }) => Date.parse(time) < NOW);
        expect(expected.length).toBeGreaterThan(0);
        expect(closed.map((item) => pick(item, Object.keys(expected[0]!)))).toEqual(expected);
        expect(closed.every(({ is_closed: isClosed }) => isClosed)).toBe(true);
      }
    }
  });

  it.each(['1M', '1w', '3d', '1d', '12h'] as const)(
    'should call those %s candles final that are of the exchange, and say what the first one lacks',
    async (interval) => {
      for (const symbol of [LISTED_WITHIN, QUIET]) {
        const closed = (await served(symbol, interval)).filter(({ close_time: time }) => Date.parse(time) < NOW);
        const first = Date.parse(closed[0]?.open_time ?? '');
        const klines = await exchangeKlines(stack.exchangeUrl, symbol, interval, first, NOW);
        const own = new Map(klines.map(itemOf).map((item) => [item.open_time, item]));
        expect(closed.length).toBeGreaterThan(1);
        for (const item of closed) {
          const expected = own.get(item.open_time) ?? {};
          const isOwn =
            JSON.stringify(pick(item, Object.keys(expected))) ===
            JSON.stringify(pick(expected as CandleItem, Object.keys(item)));
          expect([symbol, item.open_time, item.is_final]).toEqual([symbol, item.open_time, isOwn]);
        }
        // The one was listed within the history; that of the other begins in the course of a month, a week and three days.
        const lacking = symbol === QUIET ? Math.max(0, LEDGER_START - first) / 60_000 : 0;
        expect([symbol, ...closed.map((item) => item.missing_minutes)]).toEqual([
          symbol,
          lacking,
          ...closed.slice(1).map(() => 0),
        ]);
      }
    },
  );

  it('should have no row for the minutes in which the exchange stopped, and quiet ones as it has them', async () => {
    const [[start, end]] = STOPS;
    const items = await served(QUIET, '1m', `&start=${start}&end=${end}`);
    expect(items).toHaveLength((Date.parse(end) - Date.parse(start)) / 60_000 - 255);
    expect(items.filter(({ trade_count: count }) => count === 0).length).toBeGreaterThan(items.length / 2);
  });

  it('should give candles that open in the range, each whole, and page over all symbols in order', async () => {
    const [start, end] = ['2025-12-01T00:00:01Z', '2025-12-29T00:00:00Z'];
    const weeks = await served(QUIET, '1w', `&start=${start}&end=${end}`);
    expect(weeks.map((week) => week.open_time.slice(0, 10))).toEqual(['2025-12-08', '2025-12-15', '2025-12-22']);

    for (const interval of ['4h', '3d'] as const) {
      const all = `/candles?interval=${interval}&start=2025-12-01&end=2025-12-20`;
      const pages = await getAll<CandleItem>(api, `${all}&limit=3`);
      expect(pages).toEqual(await getAll<CandleItem>(api, `${all}&limit=5000`));
      const keys = pages.map(({ open_time: time, symbol }) => `${time} ${symbol}`);
      expect(keys).toEqual([...keys].sort());
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('should say that the candle of the present is not closed', async () => {
    for (const interval of ['30m', '12h', '3d', '1w', '1M'] as const) {
      const items = await served(QUIET, interval, '&start=2025-12-01');
      expect(items.map(({ is_closed: isClosed }) => isClosed)).toEqual(
        items.map(({ close_time: time }) => Date.parse(time) < NOW),
      );
      expect(items.at(-1)?.is_closed).toBe(false);
    }
  });

  it('should have nothing as of a time before anything was captured, and all as of now', async () => {
    const before = await getAll<CandleItem>(api, path(QUIET, '1w', '&as_of=2026-01-08T09:41:00Z'));
    expect(before).toEqual([]);
    const now = new Date(await stack.marketTime()).toISOString();
    const known = await served(QUIET, '1w', `&end=2026-01-01&as_of=${now}`);
    expect(known).toEqual(await served(QUIET, '1w', '&end=2026-01-01'));
  });

  it('should list the intervals when it is asked for another, and tell as_of apart by its value', async () => {
    const refusal = async (query: string): Promise<unknown> => {
      const response = await fetch(`${api}/candles?${query}`);
      return [response.status, ((await response.json()) as { errors: unknown }).errors];
    };
    expect(await refusal('interval=7m')).toEqual([
      400,
      [{ field: 'interval', value: '7m', allowed: `one of ${CANDLE_INTERVALS.join(', ')}` }],
    ]);
    expect(await refusal('interval=1H')).toEqual([400, [expect.objectContaining({ field: 'interval', value: '1H' })]]);
    expect(await refusal('as_of=yesterday')).toEqual([
      400,
      [expect.objectContaining({ field: 'as_of', value: 'yesterday' })],
    ]);
    const page = await getJson<{ next_cursor: string }>(`${api}/candles?interval=1h&limit=1`);
    expect(await refusal(`interval=1h&limit=1&as_of=2026-01-08&cursor=${page.next_cursor}`)).toEqual([
      400,
      [expect.objectContaining({ field: 'cursor' })],
    ]);
  });
});
