import { DAY, MILLISECOND } from '@app/domain';
import { eventually } from '../support/app-process';
import { runCli } from '../support/run-cli';
import { exchangeKlines } from '../support/exchange-klines';
import { readTables } from '../support/history-tables';
import { getAll, getJson } from '../support/http';
import { Stack, marketAt } from '../support/stack';
import { minutesBySource, minutesByState, storedKlines } from '../support/stored-history';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-20T10:00:30Z');
/** The first of the configured symbols is the one with the bad rows. */
const [BAD, ...OTHERS] = ['BNBUSDT', 'BTCUSDT', 'ETHUSDT'] as const;
const SYMBOLS = [BAD, ...OTHERS].join(',');

interface CoverageItem {
  readonly start: string;
  readonly end: string;
  readonly state: string;
  readonly reason: string | null;
}

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
}

const rowAt = (time: string | number, changes: object): object => {
  const start = new Date(time);
  return {
    kind: 'broken-row',
    symbol: BAD,
    start: start.toISOString(),
    end: new Date(start.getTime() + MINUTE_MS).toISOString(),
    ...changes,
  };
};

/** Old rows, each broken in another way. */
const OLD = [
  '2026-11-19T03:00:00Z',
  '2026-11-19T03:01:00Z',
  '2026-11-19T09:30:00Z',
  '2026-11-19T20:00:00Z',
  '2026-11-20T01:00:00Z',
];
const OLD_ROWS = [
  rowAt(OLD[0]!, { field: 'trade_count', value: null }),
  rowAt(OLD[1]!, { field: 'volume', value: '1E+2' }),
  rowAt(OLD[2]!, { field: 'close_time', shift_ms: -MINUTE_MS }),
  rowAt(OLD[3]!, { field: 'high', value: '1'.repeat(40) }),
  rowAt(OLD[4]!, { field: 'quote_volume', value: '1.5', repeat: true }),
];
const REASONS = [
  /the row of 2026-11-19T03:00:00Z: trade count is /,
  /the row of 2026-11-19T03:01:00Z: volume is "1E\+2", not an unsigned decimal/,
  /the row of 2026-11-19T09:30:00Z: close time is \d+, not within 60 s/,
  /the row of 2026-11-19T20:00:00Z: high is "1{40}", not an unsigned decimal/,
  /the row of 2026-11-20T01:00:00Z: it is there twice, with quote volume /,
];

describe('rows of one symbol that break the contract, live', () => {
  const stack = new Stack({ SYMBOLS, CLOCK: 'simulator', BACKFILL_DAYS: '1', POLL_INTERVAL_SECONDS: '60' });
  /** A minute that closes while the app runs. */
  const LIVE = Date.parse('2026-11-20T10:03:00Z');
  let url: string;

  afterAll(() => stack.close());

  const missing = async (symbol: string): Promise<string[]> => {
    const ranges = await getAll<CoverageItem>(url, `/coverage?symbol=${symbol}&limit=5000`);
    return ranges.filter(({ state }) => state === 'missing').map(({ start, end }) => `${start}/${end}`);
  };
  const reachOf = async (symbol: string): Promise<number> =>
    Date.parse((await getAll<CoverageItem>(url, `/coverage?symbol=${symbol}&limit=5000`)).at(-1)?.end ?? '1970-01-01');
  const health = (): Promise<Health> => getJson<Health>(`${url}/health`);

  it('should cost those minutes alone, be named everywhere, and be filled once they can be read', async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(START)), '--clock-factor', '20']);
    await stack.setFaults([
      ...OLD_ROWS,
      rowAt(LIVE, { field: 'close_time', shift_ms: -MINUTE_MS }),
      { kind: 'broken-ticker', symbol: BAD, field: 'volume', value: '1E+2' },
    ]);
    const app = await stack.start('standalone-app');
    url = await stack.urlOf('standalone-app');
    for (const symbol of OTHERS) {
      await eventually(`${symbol} has its whole history and live minutes`, async () =>
        (await missing(symbol)).length === 0 && (await reachOf(symbol)) > LIVE + 2 * MINUTE_MS ? true : undefined,
      );
    }
    // Two of them are neighbours, each with its own reason.
    const expected = [...OLD, new Date(LIVE).toISOString().replace('.000Z', 'Z')].map(
      (start) => `${start}/${new Date(Date.parse(start) + MINUTE_MS).toISOString().replace('.000Z', 'Z')}`,
    );
    await eventually(
      'nothing else is missing of the symbol, and its capture goes on beyond the bad minute',
      async () =>
        (await missing(BAD)).join() === expected.join() && (await reachOf(BAD)) > LIVE + 2 * MINUTE_MS
          ? true
          : undefined,
    );
    await eventually('no minute of it was taken for a stop', async () =>
      ((await minutesByState(stack, BAD))['stopped'] ?? 0) === 0 ? true : undefined,
    );

    const { status, reasons } = await eventually('health names all of it', async () => {
      const now = await health();
      const text = now.reasons.join('\n');
      return text.includes('6 minutes are left out') && text.includes('tickers of') ? now : undefined;
    });
    expect(status).toBe('degraded');
    const said = reasons.join('\n');
    expect(said).toMatch(
      /6 minutes are left out of BNBUSDT \(the row of 2026-11-19T03:00:00Z: trade count is null, not a whole number from 0, and 5 more\); asked for again at 2026-11-20T\d\d:\d\d:00Z/,
    );
    expect(said).toMatch(/tickers of BNBUSDT: left out \(the ticker of BNBUSDT: volume is "1E\+2", not /);

    const gaps = await runCli(stack, 'gaps', '--symbols', BAD);
    for (const reason of REASONS) expect(gaps.output).toMatch(reason);
    const told = await getAll<CoverageItem>(url, `/coverage?symbol=${BAD}&limit=5000`);
    const why = told.flatMap(({ state, reason }) => (state === 'missing' ? [String(reason)] : []));
    for (const reason of REASONS) expect(why.filter((line) => reason.test(line))).toHaveLength(1);
    expect(told.filter(({ state, reason }) => (state === 'missing') !== (reason !== null))).toEqual([]);
    expect(gaps.output).toMatch(/the row of 2026-11-20T10:03:00Z: close time is /);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^csp_left_out_candles 6$/m);
    expect(metrics).toMatch(/^csp_exchange_rows_dropped_total\{reason="broken"\} [1-9]/m);
    expect(metrics).toMatch(/^csp_exchange_rows_dropped_total\{reason="conflicting"\} [1-9]/m);

    await stack.setFaults([]);
    await eventually('every minute of the symbol is there', async () =>
      (await missing(BAD)).length === 0 ? true : undefined,
    );
    await eventually('nothing is left out any more', async () =>
      (await health()).reasons.some((reason) => reason.includes('left out')) ? undefined : true,
    );
    const stored = await storedKlines(stack, BAD);
    const klines = await exchangeKlines(
      stack.exchangeUrl,
      BAD,
      '1m',
      Number(stored[0]?.[0]),
      Number(stored.at(-1)?.[0]) + 1,
    );
    expect(stored).toEqual(klines.map((row) => row.slice(0, 11)));
    expect(await app.stop()).toBe(0);
  });
});

describe('rows of one symbol that break the contract, in cli backfill', () => {
  const stack = new Stack({ SYMBOLS, CLOCK: 'simulator' });
  const range = ['--from', '2026-11-19', '--to', '2026-11-21'];

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(START)), '--weight-limit', '100000']);
  });

  afterAll(() => stack.close());

  /** Stored minutes of a symbol from the day on, up to a minute that was over before the clock began. */
  const minutesOf = async (symbol: string, from: string): Promise<number> => {
    const stored = await storedKlines(stack, symbol);
    return stored.filter(([time]) => Number(time) >= Date.parse(from) && Number(time) < START - 5 * MINUTE_MS).length;
  };
  const whole = (from: string): number => Math.floor(START / MINUTE_MS) - 5 - Date.parse(from) / MINUTE_MS + 1;

  it('should list them, fill everything else of all symbols, and end with 1', async () => {
    await stack.setFaults(OLD_ROWS);
    const { code, output } = await runCli(stack, 'backfill', ...range);
    expect(output).toMatch(/^6 days filled, \d+ minutes new$/m);
    expect(output).toMatch(
      /^cli: 5 minutes left out: their rows break the contract; the same command tries them again$/m,
    );
    const listed = output.split('\n').filter((line) => line.startsWith(`${BAD} `) && line.includes('the row of'));
    expect(listed).toHaveLength(5);
    for (const [index, reason] of REASONS.entries()) {
      expect(listed[index]).toContain(OLD[index]);
      expect(listed[index]).toMatch(reason);
    }
    expect(code).toBe(1);
    expect(await minutesOf(BAD, '2026-11-19')).toBe(whole('2026-11-19') - 5);
    for (const symbol of OTHERS) expect(await minutesOf(symbol, '2026-11-19')).toBe(whole('2026-11-19'));
    expect((await minutesByState(stack, BAD))['stopped']).toBeUndefined();
    const gaps = await runCli(stack, 'gaps', '--symbols', BAD, '--to', '2026-11-20T09:50:00Z');
    for (const reason of REASONS) expect(gaps.output).toMatch(reason);
  });

  it('should leave out the same in a rebuild, although the exchange has them right by now', async () => {
    await stack.setFaults([]);
    const before = readTables(stack.databasePath);
    const { code, output } = await runCli(stack, 'rebuild');
    expect(output).toContain('the database has been made anew');
    expect(code).toBe(0);
    const after = readTables(stack.databasePath);
    for (const table of ['candles_1m', 'candles_1h', 'candles_1d', 'coverage', 'daily_metrics']) {
      expect(after[table]).toEqual(before[table]);
    }
  });

  it('should fill them with the same command once they can be read, and end with 0', async () => {
    const { code, output } = await runCli(stack, 'backfill', ...range);
    expect(output).toMatch(/days filled, (?:[5-9]|[1-9]\d) minutes new$/m);
    expect(code).toBe(0);
    expect(await minutesOf(BAD, '2026-11-19')).toBe(whole('2026-11-19'));
  });

  it('should take the minute of a row that a file has broken from REST', async () => {
    await stack.setFaults([
      rowAt('2026-11-10T12:00:00Z', { place: 'archive', field: 'taker_buy_volume', value: '0.123456789' }),
      rowAt('2026-11-10T13:00:00Z', { place: 'archive', columns: 7 }),
      rowAt('2026-11-10T14:00:00Z', { place: 'archive', field: 'open_time', value: 'x' }),
    ]);
    const days = ['--from', '2026-11-10', '--to', '2026-11-11', '--symbols', BAD];
    const { code, output } = await runCli(stack, 'backfill', ...days);
    expect(output).toMatch(/^1 days filled, 1440 minutes new$/m);
    expect(code).toBe(0);
    const start = Date.parse('2026-11-10') * MILLISECOND;
    expect(await minutesBySource(stack, [BAD], { start, end: start + DAY })).toEqual({
      binance_api_v3_klines: 3,
      binance_archive_klines: 1_437,
    });
  });

  it('should list a symbol whose first candle cannot be read, or whose requests are refused, and fill the others', async () => {
    const first = '2019-02-28T10:00:00Z';
    await stack.setFaults([
      { ...rowAt(first, { field: 'open_time', value: null }), symbol: 'FETUSDT' },
      { kind: 'archive-absent', symbol: BAD },
      { kind: 'status', route: '/api/v3/klines', symbol: BAD, status: 400, body: { code: -1000, msg: 'no' } },
    ]);
    const { code, output } = await runCli(
      stack,
      'backfill',
      '--symbols',
      ['FETUSDT', BAD, ...OTHERS].join(','),
      '--from',
      '2026-11-12',
      '--to',
      '2026-11-14',
    );
    expect(output).toMatch(/^FETUSDT +its first minute could not be found: .*open time is null, not a time/m);
    expect(output).toMatch(/^BNBUSDT +2026-11-12 +1440 minutes are missing: .*-1000 no/m);
    expect(output).toMatch(/^BNBUSDT +2026-11-13 +1440 minutes are missing: /m);
    expect(output).toMatch(/^cli: 1 symbol could not be filled, 2 days could not be filled; the same command/m);
    expect(code).toBe(1);
    for (const symbol of OTHERS) {
      const stored = (await storedKlines(stack, symbol)).map(([time]) => Number(time));
      const inRange = stored.filter((time) => time >= Date.parse('2026-11-12') && time < Date.parse('2026-11-14'));
      expect(inRange).toHaveLength(2 * 1_440);
    }
    await stack.setFaults([]);
  });

  it('should not mind a first candle of which only the numbers cannot be read', async () => {
    await stack.setFaults([
      { ...rowAt('2019-02-28T10:00:00Z', { field: 'volume', value: '1E+2' }), symbol: 'FETUSDT' },
    ]);
    const days = ['--from', '2026-11-12', '--to', '2026-11-13', '--symbols', 'FETUSDT'];
    const { code, output } = await runCli(stack, 'backfill', ...days);
    expect(output).toMatch(/^1 days filled, 1440 minutes new$/m);
    expect(code).toBe(0);
  });
});
