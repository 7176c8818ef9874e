import { request, type IncomingHttpHeaders } from 'node:http';
import { MINUTE } from '@app/domain';
import { eventually, type AppProcess } from '../support/app-process';
import { getAll } from '../support/http';
import { fillMinutes } from '../support/made-up-candles';
import { ResidentMemory } from '../support/resident-memory';
import { Stack, marketAt } from '../support/stack';

const CAPTURED = ['BTCUSDT', 'ETHUSDT'];
/** Stored and not captured: half a million minutes of each. */
const STORED = ['AAAUSDT', 'BBBUSDT'];
const MINUTES = 500_000;
const MARKET_START = Date.parse('2026-11-20T12:00:30Z');
const HISTORY_START = Date.parse('2025-01-01T00:00:00Z') * 1_000;
/** Market seconds per real second: minutes pass during a long answer, and each is some seconds for a busy machine. */
const CLOCK_FACTOR = 4;
const MOST_MEGABYTES = 40;

interface LongAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly lines: number;
  readonly end: string;
}

interface Candle {
  readonly symbol: string;
  readonly open_time: string;
  readonly captured_at: string;
}

/** Reads an answer without keeping it. */
function readLong(url: string): Promise<LongAnswer> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (answer) => {
      let lines = 0;
      let end = '';
      answer.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', at + 1)) lines += 1;
        end = (end + chunk.subarray(-400).toString()).slice(-400);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ headers: answer.headers, lines, end });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('a million candles', () => {
  const stack = new Stack({
    SYMBOLS: CAPTURED.join(','),
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '10',
    BACKFILL_DAYS: '0',
    LOG_LEVEL: 'warn',
  });
  let url: string;
  let app: AppProcess;

  beforeAll(async () => {
    const origin = marketAt(new Date(MARKET_START));
    await stack.startSimulator(['--clock-origin', origin, '--clock-factor', String(CLOCK_FACTOR)]);
    url = await stack.urlOf('standalone-app');
    const first = await stack.start('standalone-app');
    await first.answers(`${url}/readyz`);
    await first.stop();
    fillMinutes(stack.databasePath, STORED, HISTORY_START, MINUTES);
    app = await stack.start('standalone-app');
    await app.answers(`${url}/readyz`);
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should be one answer of CSV that takes little memory and does not hold up capture', async () => {
    const path = `/candles?symbols=${STORED.join(',')}&interval=1m&format=csv`;
    const captured = (): Promise<Candle[]> =>
      getAll<Candle>(url, `/candles?symbols=${CAPTURED.join(',')}&interval=1m&start=2026-11-20&limit=5000`);
    const before = await eventually('minutes are captured', async () => {
      const candles = await captured();
      return candles.length >= 2 * CAPTURED.length ? candles.length : undefined;
    });
    const memory = new ResidentMemory(app.pid);
    expect((await readLong(`${url}${path}&limit=100000`)).lines).toBe(100_001);
    const atFirst = memory.now;
    memory.forgetPeak();
    const { headers, lines, end } = await readLong(`${url}${path}`);
    expect(memory.peak - atFirst).toBeLessThanOrEqual(MOST_MEGABYTES);
    expect([lines, headers['link'], headers['content-length']]).toEqual([1_000_001, undefined, undefined]);
    const last = new Date(HISTORY_START / 1_000 + (MINUTES - 1) * 60_000).toISOString();
    expect(end.trimEnd().split('\r\n').at(-1)).toMatch(new RegExp(`^BBBUSDT,1m,${last},`));

    const now = await eventually('another minute is captured', async () => {
      const candles = await captured();
      return candles.length > before ? candles : undefined;
    });
    const times = (symbol: string): number[] =>
      now.filter((candle) => candle.symbol === symbol).map(({ open_time: time }) => Date.parse(time) * 1_000);
    for (const symbol of CAPTURED) {
      const [first = 0, ...others] = times(symbol);
      expect([symbol, others]).toEqual([symbol, others.map((_, index) => first + (index + 1) * MINUTE)]);
    }
    for (const { symbol, open_time: opened, captured_at: at } of now.slice(before)) {
      // Before the next one is over.
      const isOnTime = (Date.parse(at) - Date.parse(opened)) * 1_000 < 2 * MINUTE;
      expect([symbol, opened, isOnTime]).toEqual([symbol, opened, true]);
    }
  });
});
