import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type AppName, type AppProcess } from './app-process';
import { exchangeKlines, numbersOf, type KlineRow } from './exchange-klines';
import { getAll, getCsv, getJson, type ListPage } from './http';
import { NOTICE_LIMIT_MS, readiness } from './readiness';
import { SetClock } from './set-clock';
import { marketAt, Stack } from './stack';

const MINUTE_MS = 60_000;
/** Stamps up to so far ahead of the exchange's clock are right: two clocks are read, one after the other. */
const STAMP_TOLERANCE_MS = MINUTE_MS;
/** Up to here a clock of its own is used. */
const CLOCK_FOLLOW_MS = 5_000;

const NUMBERS = Object.keys(numbersOf([0, '', '', '', '', '', 0, '', 0, '', '', ''] as const satisfies KlineRow));

/** A fault of the simulator: it answers everything but the question for its time. */
export const NO_TIME = { kind: 'status', route: '/api/v3/time', status: 503 };

function floorToMinute(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

export interface PlatformHealth {
  readonly status: 'ok' | 'degraded';
  readonly reasons: readonly string[];
  readonly now: string;
  readonly storage: { readonly events_ahead: number };
  readonly processes: Record<string, { readonly state: string; readonly detail: string; readonly status?: unknown }>;
  readonly symbols: readonly {
    readonly symbol: string;
    readonly last_event_utc: string | null;
    readonly last_event_age_seconds: number | null;
  }[];
}

interface CandleItem {
  readonly open_time: string;
  readonly revision: number;
  readonly is_closed: boolean;
  readonly [column: string]: string | number | boolean;
}

interface CoverageItem {
  readonly start: string;
  readonly end: string;
  readonly state: string;
}

/**
 * An exchange with a clock of its own, and apps whose clocks a test sets. All spans are in market time, epoch
 * milliseconds; the market's clock is that of this machine where the factor is 1.
 */
export class SetClockPlatform {
  readonly stack: Stack;
  readonly factor: number;
  readonly symbols = ['BTCUSDT', 'ETHUSDT'];
  private readonly clocks = new Map<AppName, SetClock>();

  constructor({ factor, settings = {} }: { factor: number; settings?: Readonly<Record<string, string>> }) {
    this.factor = factor;
    this.stack = new Stack({
      SYMBOLS: this.symbols.join(','),
      POLL_INTERVAL_SECONDS: '5',
      BACKFILL_DAYS: '0',
      CLOCK: factor === 1 ? 'system' : 'simulator',
      ...settings,
    });
  }

  /** Starts the exchange at that market time; undefined: at the time of this machine. */
  async startExchange(market?: string): Promise<void> {
    const origin = market === undefined ? [] : ['--clock-origin', marketAt(new Date(market))];
    await this.stack.startSimulator([...origin, '--clock-factor', String(this.factor), '--weight-limit', '1000000']);
  }

  /** Starts an app whose clock is so far ahead; negative: behind. */
  async start(name: AppName, aheadMs = 0, overrides: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    this.setClock(name, aheadMs);
    return this.stack.start(name, { ...overrides, ...this.clockOf(name).environment });
  }

  /** Sets the clock of an app so far ahead of the exchange's; negative: behind it. */
  setClock(name: AppName, aheadMs: number): void {
    this.clockOf(name).set(aheadMs / this.factor);
  }

  async close(): Promise<void> {
    await this.stack.close();
    for (const clock of this.clocks.values()) clock.remove();
  }

  get url(): Promise<string> {
    return this.stack.urlOf('api-app');
  }

  async health(): Promise<PlatformHealth> {
    return getJson<PlatformHealth>(`${await this.url}/health`);
  }

  /** Waits until health says what is asked for; in each answer on the way no age is negative. */
  async healthSays(
    what: string,
    wanted: (health: PlatformHealth) => boolean,
    limitMs?: number,
  ): Promise<PlatformHealth> {
    let last: PlatformHealth | undefined;
    const probe = async (): Promise<PlatformHealth> => {
      last = await this.health();
      for (const { last_event_age_seconds: age } of last.symbols) expect(age ?? 0).toBeGreaterThanOrEqual(0);
      if (wanted(last)) return last;
      throw new Error(JSON.stringify([last.status, last.reasons]));
    };
    return eventually(`health says ${what}`, probe, limitMs);
  }

  /** `/health` and `/readyz` say in time that the clock of the standalone process was set just now. */
  async tellsOfClock(): Promise<void> {
    await Promise.all([
      this.clockIs('corrected', NOTICE_LIMIT_MS),
      readiness(await this.url, true, '"clock":{"ok":true,"detail":"the local clock is ', NOTICE_LIMIT_MS),
    ]);
  }

  /** Both say in time that it was put right just now. */
  async tellsOfClockNoLonger(): Promise<void> {
    await Promise.all([
      this.clockIs('ok', NOTICE_LIMIT_MS),
      readiness(await this.url, true, '"clock":{"ok":true,"detail":""}', NOTICE_LIMIT_MS),
    ]);
  }

  async answers<T>(path: string): Promise<T> {
    return getJson<T>(`${await this.url}${path}`);
  }

  /** Stamps of the newest prices of the symbol, newest first. */
  async latest(symbol: string, limit = 200): Promise<number[]> {
    const { data } = await this.answers<ListPage<{ timestamp_utc: string }>>(
      `/trades/latest?symbol=${symbol}&limit=${limit}`,
    );
    return data.map(({ timestamp_utc: time }) => Date.parse(time));
  }

  /** Waits until so many prices of the symbol are there that are not older than that time. */
  async pricesSince(symbol: string, time: number, count: number): Promise<void> {
    await eventually(`${count} prices of ${symbol} since ${new Date(time).toISOString()}`, async () => {
      const stamps = await this.latest(symbol);
      return stamps.filter((stamp) => stamp >= time).length >= count ? true : undefined;
    });
  }

  /** The newest prices are served, in both forms, and none of them is later than the exchange's clock. */
  async expectLatestByExchangeTime(symbol: string, since: number): Promise<void> {
    const stamps = await this.latest(symbol);
    const rows = await getCsv(`${await this.url}/bi/latest_prices.csv?symbol=${symbol}`);
    const latest = [...stamps, ...rows.map(({ timestamp_utc: time = '' }) => Date.parse(time))];
    expect(rows).toHaveLength(1);
    expect(stamps.length).toBeGreaterThan(0);
    const until = (await this.stack.marketTime()) + STAMP_TOLERANCE_MS;
    for (const stamp of [stamps[0] ?? 0, ...latest.slice(-1)]) expect(stamp).toBeGreaterThan(since);
    for (const stamp of latest) expect(stamp).toBeLessThanOrEqual(until);
  }

  async coverage(symbol: string): Promise<CoverageItem[]> {
    return getAll<CoverageItem>(await this.url, `/coverage?symbol=${symbol}&limit=5000`);
  }

  /** Waits until the ledger reaches that time with no minute missing, and returns its ranges. */
  async accountedUntil(symbol: string, time: number): Promise<CoverageItem[]> {
    let last: CoverageItem[] = [];
    return eventually(`every minute of ${symbol} until ${new Date(time).toISOString()} is accounted for`, async () => {
      last = await this.coverage(symbol);
      const isWhole = last.every(({ state }) => state !== 'missing') && Date.parse(last.at(-1)?.end ?? '') >= time;
      if (isWhole) return last;
      throw new Error(JSON.stringify(last.slice(-3)));
    });
  }

  /** Stored minutes of the ledger are those of the exchange, digit for digit, and there is none between them that is not. */
  async expectMinutesOfExchange(symbol: string): Promise<void> {
    const ranges = await this.coverage(symbol);
    const [start, end] = [Date.parse(ranges[0]?.start ?? ''), Date.parse(ranges.at(-1)?.end ?? '')];
    const klines = await exchangeKlines(this.stack.exchangeUrl, symbol, '1m', start, end);
    const query = `/candles?symbol=${symbol}&interval=1m&limit=5000&start=${start}&end=${end}`;
    const stored = await getAll<CandleItem>(await this.url, query);
    expect(stored.map(({ open_time: time }) => Date.parse(time))).toEqual(klines.map(([openTime]) => openTime));
    expect(stored.map((item) => Object.fromEntries(NUMBERS.map((name) => [name, item[name]])))).toEqual(
      klines.map(numbersOf),
    );
  }

  /**
   * Has the exchange correct a recent minute, and waits until the corrected numbers are served. Only the last minutes are
   * read again: where a slow machine was late for one, another is corrected.
   */
  async expectCorrectionServed(symbol: string): Promise<void> {
    const faults: object[] = [];
    await eventually('a corrected minute is served', async () => {
      const openTime = floorToMinute(await this.stack.marketTime()) - 2 * MINUTE_MS;
      const before = await this.minute(symbol, openTime);
      if (!before) return undefined;
      faults.push({ kind: 'revise', symbol, open_time: openTime });
      await this.stack.setFaults(faults);
      const [kline] = await exchangeKlines(this.stack.exchangeUrl, symbol, '1m', openTime, openTime + MINUTE_MS);
      if (!kline) throw new Error(`the exchange has no minute ${openTime}`);
      return (await this.isServed(symbol, numbersOf(kline), before, openTime)) || undefined;
    });
  }

  /** Whether the numbers come, under a higher revision, while the minute is read again. */
  private async isServed(
    symbol: string,
    numbers: Record<string, string | number>,
    before: CandleItem,
    openTime: number,
  ): Promise<boolean> {
    while ((await this.stack.marketTime()) < openTime + 10 * MINUTE_MS) {
      await delay(50);
      const item = await this.minute(symbol, openTime);
      if (item && item.revision > before.revision) {
        expect(Object.fromEntries(NUMBERS.map((name) => [name, item[name]]))).toEqual(numbers);
        return true;
      }
    }
    return false;
  }

  /** Waits until so many minutes from now on are accounted for, for every symbol. */
  async captureMinutes(count: number): Promise<void> {
    const end = floorToMinute(await this.stack.marketTime()) + count * MINUTE_MS;
    for (const symbol of this.symbols) await this.accountedUntil(symbol, end);
  }

  /** Nothing is missing from the begin of the ledger on, and every number is the exchange's. */
  async expectWhole(): Promise<void> {
    for (const symbol of this.symbols) {
      await this.accountedUntil(symbol, floorToMinute(await this.stack.marketTime()) - 5 * MINUTE_MS);
      await this.expectMinutesOfExchange(symbol);
    }
  }

  /** Minutes from now on come without a hole, what is newest is right, and nothing that is still open is called closed. */
  async expectServedByExchangeTime(): Promise<void> {
    const since = await this.stack.marketTime();
    for (const symbol of this.symbols) {
      await this.pricesSince(symbol, since, 5);
      await this.expectLatestByExchangeTime(symbol, since);
      await this.accountedUntil(symbol, floorToMinute(since) + 2 * MINUTE_MS);
      await this.expectMinutesOfExchange(symbol);
      const asked = await this.stack.marketTime();
      const query = `/candles?symbol=${symbol}&interval=1h&order=desc&limit=1`;
      const [hour] = (await this.answers<ListPage<CandleItem>>(query)).data;
      const answered = await this.stack.marketTime();
      const end = Date.parse(hour?.open_time ?? '') + 60 * MINUTE_MS;
      expect([asked - CLOCK_FOLLOW_MS >= end, answered + CLOCK_FOLLOW_MS >= end]).toContain(hour?.is_closed);
    }
  }

  /** Waits until health says how the clock of the standalone process stands. */
  async clockIs(state: string, limitMs?: number): Promise<PlatformHealth> {
    const isSo = (health: PlatformHealth): boolean => clockOf(health, 'standalone') === state;
    return this.healthSays(`that the clock is ${state}`, isSo, limitMs);
  }

  async timeIsNotTold(): Promise<PlatformHealth> {
    return this.healthSays('that the time is not told', ({ reasons }) =>
      reasons.join().includes('the exchange does not tell its time'),
    );
  }

  async backfillIs(state: string): Promise<PlatformHealth> {
    return this.healthSays(`that the backfill is ${state}`, ({ processes }) => {
      const { backfill } = (processes['standalone']?.status ?? {}) as { backfill?: { state: string } };
      return backfill?.state === state;
    });
  }

  private async minute(symbol: string, openTime: number): Promise<CandleItem | undefined> {
    const query = `/candles?symbol=${symbol}&interval=1m&start=${openTime}&end=${openTime + MINUTE_MS}`;
    return (await this.answers<ListPage<CandleItem>>(query)).data[0];
  }

  private clockOf(name: AppName): SetClock {
    const clock = this.clocks.get(name) ?? new SetClock();
    this.clocks.set(name, clock);
    return clock;
  }
}

/** How the clock of a capturing process stands, as health of the API shows it. */
export function clockOf(health: PlatformHealth, name: string): string {
  const { clock } = (health.processes[name]?.status ?? {}) as { clock?: { state?: string } };
  return clock?.state ?? '';
}
