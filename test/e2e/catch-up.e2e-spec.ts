import { eventually, type AppProcess } from '../support/app-process';
import { exchangeKlines, numbersOf, type KlineRow } from '../support/exchange-klines';
import { getAll, getJson } from '../support/http';
import { Stack, marketAt } from '../support/stack';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface CandleItem {
  readonly open_time: string;
  readonly [column: string]: string | number | boolean;
}

interface CoverageItem {
  readonly start: string;
  readonly end: string;
  readonly state: string;
  readonly repaired: boolean;
}

const NUMBERS = Object.keys(numbersOf([0, '', '', '', '', '', 0, '', 0, '', '', ''] as const satisfies KlineRow));

/** Stopping for hours and coming back, in market time: the simulator's clock is moved on while nothing runs. */
describe('catch-up after downtime', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,SOLUSDT',
    CLOCK: 'simulator',
    BACKFILL_DAYS: '1',
    POLL_INTERVAL_SECONDS: '60',
  });
  let api: string;

  afterAll(async () => {
    await stack.close();
  });

  async function candles(symbol: string, interval: string): Promise<CandleItem[]> {
    return getAll<CandleItem>(api, `/candles?symbol=${symbol}&interval=${interval}&limit=5000`);
  }

  async function coverage(symbol: string): Promise<CoverageItem[]> {
    return getAll<CoverageItem>(api, `/coverage?symbol=${symbol}&limit=5000`);
  }

  /** Waits until no minute of the ledger is missing and it reaches the given market time. */
  async function accountedUntil(symbol: string, time: number): Promise<CoverageItem[]> {
    return eventually(`every minute of ${symbol} is accounted for`, async () => {
      const ranges = await coverage(symbol);
      const last = ranges.at(-1);
      const complete = ranges.every(({ state }) => state !== 'missing');
      return last && complete && Date.parse(last.end) >= time ? ranges : undefined;
    });
  }

  async function expectCandlesOfExchange(symbol: string, from: number, to: number): Promise<void> {
    const klines = await exchangeKlines(stack.exchangeUrl, symbol, '1m', from, to);
    const stored = (await candles(symbol, '1m')).filter(({ open_time: time }) => Date.parse(time) < to);
    expect(stored.map(({ open_time: time }) => Date.parse(time))).toEqual(klines.map(([openTime]) => openTime));
    const numbers = stored.map((item) => Object.fromEntries(NUMBERS.map((name) => [name, item[name]])));
    expect(numbers).toEqual(klines.map(numbersOf));
  }

  it('should leave no hole after five hours, mark them repaired, and report stops of the exchange as stopped', async () => {
    const start = Date.parse('2026-11-20T10:00:30Z');
    const stop = { start: start + 2 * HOUR_MS - 30_000, end: start + 3 * HOUR_MS - 30_000 };
    const stopFault = {
      kind: 'stop',
      start: new Date(stop.start).toISOString(),
      end: new Date(stop.end).toISOString(),
    };
    const ledgerStart = Date.parse('2026-11-19T00:00:00Z');

    let simulator = await stack.startSimulator(['--clock-origin', marketAt(new Date(start))]);
    await stack.setFaults([stopFault]);
    let app: AppProcess = await stack.start('standalone-app');
    api = await stack.urlOf('standalone-app');
    for (const symbol of ['BTCUSDT', 'SOLUSDT']) {
      const before = await accountedUntil(symbol, start - 4 * MINUTE_MS);
      expect(before.some(({ repaired }) => repaired)).toBe(false);
      expect(Date.parse(before[0]?.start ?? '')).toBe(ledgerStart);
    }
    const tracked = await stack.marketTime();
    expect(await app.stop()).toBe(0);
    await simulator.process.stop();

    const back = tracked + 5 * HOUR_MS;
    simulator = await stack.startSimulator(['--clock-origin', marketAt(new Date(back))]);
    await stack.setFaults([stopFault]);
    app = await stack.start('standalone-app');

    for (const symbol of ['BTCUSDT', 'SOLUSDT']) {
      const ranges = await accountedUntil(symbol, back - 4 * MINUTE_MS);
      const caughtUp = await stack.marketTime();
      await expectCandlesOfExchange(symbol, ledgerStart, Date.parse(ranges.at(-1)?.end ?? ''));

      // One hour of the five has no rows, and none was made up.
      expect(
        ranges
          .filter(({ state, start: from }) => state === 'stopped' && Date.parse(from) >= start)
          .map(({ start: from, end }) => [Date.parse(from), Date.parse(end)]),
      ).toEqual([[stop.start, stop.end]]);

      // Repaired: what was first captured more than ten minutes after its close, since tracking began.
      const repaired = ranges.filter((range) => range.repaired);
      expect(Date.parse(repaired[0]?.start ?? '')).toBeGreaterThanOrEqual(start - 30_000 - MINUTE_MS);
      expect(Date.parse(repaired[0]?.start ?? '')).toBeLessThanOrEqual(tracked);
      const lastRepaired = Date.parse(repaired.at(-1)?.end ?? '');
      expect(lastRepaired).toBeGreaterThan(back - 15 * MINUTE_MS);
      expect(lastRepaired).toBeLessThanOrEqual(caughtUp - 10 * MINUTE_MS);
    }

    // The roll-ups agree with the exchange's own candles wherever a bucket is over.
    for (const [interval, length] of [
      ['1h', HOUR_MS],
      ['1d', DAY_MS],
    ] as const) {
      const end = Math.floor((await stack.marketTime()) / length) * length;
      const klines = await exchangeKlines(stack.exchangeUrl, 'SOLUSDT', interval, ledgerStart, end);
      const stored = (await candles('SOLUSDT', interval)).filter(({ open_time: time }) => Date.parse(time) < end);
      expect(stored.map((item) => Object.fromEntries(NUMBERS.map((name) => [name, item[name]])))).toEqual(
        klines.map(numbersOf),
      );
    }

    const { requests_while_banned: banned, responses_429: refused } = await getJson<Record<string, number>>(
      `${stack.exchangeUrl}/_simulator/stats`,
    );
    expect({ banned, refused }).toEqual({ banned: 0, refused: 0 });
    expect(await app.stop()).toBe(0);
    await simulator.process.stop();
  });
});
