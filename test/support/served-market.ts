import { eventually, type AppProcess } from './app-process';
import { getAll, getCsv } from './http';
import { Stack, marketAt } from './stack';

const MINUTE_MS = 60_000;
/** Noon, so that no date changes under a test. */
const MARKET_START = Date.parse('2026-11-20T12:00:30Z');

/** A symbol of each kind: plain, with tiny prices, in another script, and one that is configured but not listed. */
export const SERVED_SYMBOLS = ['BTCUSDT', 'PEPEUSDT', '币安人生USDT'] as const;
export const SYMBOL_WITHOUT_DATA = 'NOTLISTEDUSDT';

/**
 * A store that capture filled and left, served by the API alone: whole days, the open day and some polls of a simulated
 * market, and nothing changes under the hands of a test.
 */
export class ServedMarket {
  private servers = 0;

  private constructor(
    private readonly stack: Stack,
    readonly url: string,
  ) {}

  /** The folder that the store is in. */
  get folder(): string {
    return this.stack.folder;
  }

  /** Captures a short while, stops capturing and serves what is there. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ServedMarket> {
    const stack = new Stack({
      SYMBOLS: [...SERVED_SYMBOLS, SYMBOL_WITHOUT_DATA].join(','),
      CLOCK: 'simulator',
      POLL_INTERVAL_SECONDS: '1',
      BACKFILL_DAYS: '2',
      LOG_LEVEL: 'warn',
      ...settings,
    });
    try {
      await stack.startSimulator(['--clock-origin', marketAt(new Date(MARKET_START))]);
      const url = await stack.urlOf('api-app');
      const capture = await stack.start('standalone-app');
      await eventually('days, minutes and polls are stored', async () => {
        const bars = await getCsv(`${url}/bi/daily_ohlc.csv?symbols=${SERVED_SYMBOLS.join(',')}&days=3`);
        const events = await getAll(url, '/trades/latest?symbol=BTCUSDT');
        const ranges = await getAll<{ state: string; end: string }>(
          url,
          `/coverage?symbols=${SERVED_SYMBOLS.join(',')}`,
        );
        const accounted =
          ranges.length > 0 &&
          ranges.every(({ state, end }) => state !== 'missing' && Date.parse(end) < MARKET_START + 60 * MINUTE_MS);
        return accounted && bars.length === 3 * SERVED_SYMBOLS.length && events.length >= 4 ? true : undefined;
      });
      await capture.stop();
      await stack.start('api-app');
      return new ServedMarket(stack, url);
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  /** The exchange that it was captured from; it goes on. */
  get exchangeUrl(): string {
    return this.stack.exchangeUrl;
  }

  /** Serves the same store by one more process, with settings of its own; returns its address. */
  async serveWith(settings: Readonly<Record<string, string>>): Promise<string> {
    return (await this.server(settings)).url;
  }

  /** The same, with the process. */
  async server(
    settings: Readonly<Record<string, string>>,
  ): Promise<{ readonly url: string; readonly process: AppProcess }> {
    this.servers += 1;
    const port = await this.stack.port(`api ${this.servers}`);
    const url = `http://127.0.0.1:${port}`;
    const process = await this.stack.launch('api-app', { ...settings, PORT: String(port) });
    await process.answers(`${url}/livez`);
    return { url, process };
  }

  /** Writes the tables as files, which its servers then have below /data/. */
  async build(): Promise<void> {
    const command = await this.stack.launch('cli', {}, ['bi-build']);
    if ((await command.exited()) !== 0) throw new Error(command.output);
  }

  /** Captures again into the same store, in a process of its own. */
  resumeCapture(): Promise<AppProcess> {
    return this.stack.start('ingest-app');
  }

  close(): Promise<void> {
    return this.stack.close();
  }
}
