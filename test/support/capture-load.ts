import { eventually, HopelessError, type AppName, type AppOptions, type AppProcess } from './app-process';
import { getJson } from './http';
import { NOTICE_LIMIT_MS, readiness, type Readiness } from './readiness';
import { spooledEvents } from './spooled-events';
import { Stack, marketAt } from './stack';
import { StoreBooks } from './store-books';
import { newestMinutes } from './stored-history';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'PEPEUSDT', '币安人生USDT'];
/** Market seconds per real second: a poll every 50 ms and a market minute each second. */
const CLOCK_FACTOR = 60;
const POLL_INTERVAL_SECONDS = 3;
const TICKER_ROUTE = '/api/v3/ticker/24hr';

/** A capturing app under the load of a fast market, shortly before midnight, for tests of what can befall it. */
export class CaptureLoad {
  readonly stack: Stack;
  private readonly started: AppProcess[] = [];

  constructor(
    readonly app: AppName,
    settings: Readonly<Record<string, string>> = {},
    /** Where everything is kept, if not in a folder of its own. */
    folder?: string,
  ) {
    const all = {
      SYMBOLS: SYMBOLS.join(','),
      CLOCK: 'simulator',
      POLL_INTERVAL_SECONDS: String(POLL_INTERVAL_SECONDS),
      BACKFILL_DAYS: '1',
      ...settings,
    };
    this.stack = new Stack(all, folder);
  }

  /**
   * @param start - market time at the start, epoch milliseconds
   * @param options - more options of the simulator
   * @param factor - market seconds in a real one
   */
  async startExchange(
    start = Date.parse('2026-11-20T23:57:00Z'),
    options: readonly string[] = [],
    factor = CLOCK_FACTOR,
  ): Promise<void> {
    const origin = marketAt(new Date(start));
    await this.stack.startSimulator(['--clock-origin', origin, '--clock-factor', String(factor), ...options]);
  }

  /** Starts the app and waits until it answers. */
  async start(): Promise<AppProcess> {
    const app = await this.stack.start(this.app);
    this.started.push(app);
    return app;
  }

  /** Starts the app without waiting for it. */
  async launch(overrides: Readonly<Record<string, string>> = {}, options: AppOptions = {}): Promise<AppProcess> {
    const app = await this.stack.launch(this.app, overrides, [], options);
    this.started.push(app);
    return app;
  }

  /** Polls that the exchange was asked for so far. */
  async pollsAsked(): Promise<number> {
    const { requests } = await getJson<{ requests: Record<string, number> }>(
      `${this.stack.exchangeUrl}/_simulator/stats`,
    );
    return requests[TICKER_ROUTE] ?? 0;
  }

  /** Waits until the exchange was asked for so many polls more. */
  async morePolls(count: number): Promise<void> {
    const goal = (await this.pollsAsked()) + count;
    await eventually(`${count} more polls`, async () => {
      this.checkRunning();
      return (await this.pollsAsked()) >= goal ? true : undefined;
    });
  }

  /** Waits until the app is ready, or is not, or does either, and `/readyz` gives a reason. */
  async ready(isReady: Readiness, reason: string | RegExp = '', limitMs?: number): Promise<void> {
    const url = await this.stack.urlOf(this.app);
    await readiness(url, isReady, reason, limitMs, () => {
      this.checkRunning();
    });
  }

  /** Waits until the app is ready again, polls, and has stored all that waited. */
  async goesOn(): Promise<void> {
    await this.ready(true);
    await this.morePolls(3);
    await this.metricIs('csp_spool_events', 0);
  }

  /** Waits until `/health` of the app, or of another one of the stack, gives a reason. */
  async healthSays(reason: RegExp, limitMs?: number, app = this.app): Promise<void> {
    const url = `${await this.stack.urlOf(app)}/health`;
    const probe = async (): Promise<true> => {
      const { reasons } = await getJson<{ readonly reasons: readonly string[] }>(url);
      if (reasons.some((said) => reason.test(said))) return true;
      throw new Error(reasons.join('\n'));
    };
    await eventually(`${app} says ${String(reason)}`, probe, limitMs);
  }

  /** Both `/readyz`, by which the app is then ready or not, and `/health` say in time what began, or ended, just now. */
  async tells(isReady: Readiness, reason: string | RegExp, inHealth: RegExp): Promise<void> {
    await Promise.all([this.ready(isReady, reason, NOTICE_LIMIT_MS), this.healthSays(inHealth, NOTICE_LIMIT_MS)]);
  }

  /** Both say in time that what was told of the exchange is over, and the app is ready. */
  async tellsOfExchangeNoLonger(): Promise<void> {
    const url = `${await this.stack.urlOf(this.app)}/health`;
    const probe = async (): Promise<true> => {
      const { reasons } = await getJson<{ readonly reasons: readonly string[] }>(url);
      if (!reasons.some((said) => said.includes('the exchange is '))) return true;
      throw new Error(reasons.join('\n'));
    };
    await Promise.all([
      this.ready(true, '"exchange":{"ok":true,"detail":""}', NOTICE_LIMIT_MS),
      eventually(`${this.app} has nothing to say of the exchange`, probe, NOTICE_LIMIT_MS),
    ]);
  }

  /** Waits until `/health` of the app has nothing to complain of. */
  async healthIsOk(): Promise<void> {
    const url = `${await this.stack.urlOf(this.app)}/health`;
    await eventually(`${this.app} is well`, async () => {
      this.checkRunning();
      const { status, reasons } = await getJson<{ readonly status: string; readonly reasons: readonly string[] }>(url);
      if (status === 'ok') return true;
      throw new Error(reasons.join('\n'));
    });
  }

  /** Waits until the minutes of all symbols are stored up to a market time, in epoch microseconds. */
  async minutesUntil(time: number): Promise<void> {
    await eventually('the minutes are stored', async () => {
      const newest = [...(await newestMinutes(this.stack)).values()];
      return (newest.length > 0 && newest.every((minute) => minute >= time)) || undefined;
    });
  }

  /**
   * Polls that the exchange was asked for and that are not stored; none is stored twice, and nothing else is wrong with the
   * store either. Nobody may write to it.
   */
  async missingPolls(): Promise<number> {
    const [books, asked] = [this.books(), await this.pollsAsked()];
    try {
      const problems = books.problems();
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return asked - books.polls.length;
    } finally {
      books.close();
    }
  }

  /** Waits until a metric of the app, summed over its labels, has a value. */
  async metricIs(name: string, value: number): Promise<void> {
    await eventually(`${name} is ${value}`, async () => {
      this.checkRunning();
      const found = await this.metric(name);
      if (found !== value) throw new Error(`${name} is ${found}`);
      return true;
    });
  }

  /**
   * Ends the app. What the store could not take in the time that a stop has is handed on by another start.
   * @returns the exit codes
   */
  async finish(app: AppProcess): Promise<number[]> {
    const codes = [await app.stop()];
    while (spooledEvents(this.stack) > 0) {
      const again = await this.start();
      await this.ready(true);
      codes.push(await again.stop());
    }
    return codes;
  }

  /** Value of a metric of the app, summed over its labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`${await this.stack.urlOf(this.app)}/metrics`);
    const lines = (await response.text()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** The books of the store; nobody may write to it. */
  books(): StoreBooks {
    return new StoreBooks(this.stack);
  }

  /** Nothing more can be expected once all that were started have ended: a second owner ends by itself. */
  private checkRunning(): void {
    const { app, started } = this;
    const last = started.at(-1);
    if (!last || started.some(({ isRunning }) => isRunning)) return;
    throw new HopelessError(`${app} has ended:\n${last.output.slice(-2_000)}`);
  }

  async close(): Promise<void> {
    await this.stack.close();
  }
}
