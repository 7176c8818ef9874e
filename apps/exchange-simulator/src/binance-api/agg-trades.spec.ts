import type { AddressInfo } from 'node:net';
import { createSimulator } from '../create-simulator';
import { formatUnits, parseUnits } from '../market/fixed-point';
import { parseOptions } from '../options';

const MARKET = '2026-03-18T13:37:43.000Z';
const NOW = Date.parse(MARKET);
const MINUTE = 60_000;
const START = NOW - (NOW % MINUTE) - 10 * MINUTE;

interface Row {
  readonly a: number;
  readonly p: string;
  readonly q: string;
  readonly f: number;
  readonly l: number;
  readonly T: number;
  readonly m: boolean;
  readonly M: boolean;
}

describe('aggTrades', () => {
  let close: () => Promise<void>;
  let base: string;

  const json = async <T>(path: string, headers: Record<string, string> = {}): Promise<T> =>
    (await (await fetch(base + path, { headers })).json()) as T;
  const trades = (query: string): Promise<Row[]> => json<Row[]>(`/api/v3/aggTrades?${query}`);
  const setFaults = (...faults: object[]): Promise<Response> =>
    fetch(`${base}/_simulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
  /** All trades of a span of open times, page after page by id. */
  async function tradesBetween(symbol: string, start: number, end: number): Promise<Row[]> {
    const rows = await trades(`symbol=${symbol}&startTime=${start}&endTime=${end - 1}&limit=1000`);
    for (let last = rows.at(-1); last;) {
      const page = await trades(`symbol=${symbol}&fromId=${last.a + 1}&limit=1000`);
      const inSpan = page.filter(({ T }) => T < end);
      rows.push(...inSpan);
      last = inSpan.length === 1_000 ? inSpan.at(-1) : undefined;
    }
    return rows;
  }

  beforeEach(async () => {
    const options = parseOptions(['--port', '0', '--clock-origin', `${MARKET}@2026-06-01T00:00:00Z`]);
    if (options === 'help') {
      throw new Error('no help wanted here');
    }
    const { app } = await createSimulator(options, () => options.clockOrigin.real);
    await app.listen(options.port, options.host);
    base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    close = () => app.close();
  });

  afterEach(() => close());

  it.each(['BTCUSDT', 'ETHBTC', 'PEPEUSDT', 'BTCTRY', '币安人生USDT'])(
    'should make every minute of %s, digit for digit',
    async (symbol) => {
      const encoded = encodeURIComponent(symbol);
      const query = `symbol=${encoded}&interval=1m&startTime=${START}&endTime=${START + 10 * MINUTE - 1}`;
      const klines = await json<(string | number)[][]>(`/api/v3/klines?${query}`);
      const rows = await tradesBetween(encoded, START, START + 10 * MINUTE);
      const traded = klines.filter((kline) => kline[8] !== 0);
      expect(traded.length).toBeGreaterThan(5);
      for (const kline of traded) {
        const ofMinute = rows.filter(({ T }) => T >= Number(kline[0]) && T <= Number(kline[6]));
        const prices = ofMinute.map(({ p }) => parseUnits(p));
        const sum = (some: readonly Row[], part: (row: Row) => bigint): string =>
          formatUnits(
            some.reduce((total, row) => total + part(row), 0n),
            8,
          );
        const quantity = ({ q }: Row): bigint => parseUnits(q);
        const quote = ({ p, q }: Row): bigint => (parseUnits(p) * parseUnits(q)) / 10n ** 8n;
        const taken = ofMinute.filter(({ m }) => !m);
        expect([
          ofMinute[0]!.p,
          formatUnits(
            prices.reduce((a, b) => (a > b ? a : b)),
            8,
          ),
          formatUnits(
            prices.reduce((a, b) => (a < b ? a : b)),
            8,
          ),
          ofMinute.at(-1)!.p,
          sum(ofMinute, quantity),
          sum(ofMinute, quote),
          ofMinute.at(-1)!.l - ofMinute[0]!.f + 1,
          sum(taken, quantity),
          sum(taken, quote),
        ]).toEqual([...kline.slice(1, 6), ...kline.slice(7, 11)]);
      }
    },
  );

  it('should have ids without a hole, and several raw trades in some', async () => {
    const rows = await trades(`symbol=BTCUSDT&startTime=${START - 600 * MINUTE}&limit=1000`);
    expect(rows).toHaveLength(1_000);
    for (const [index, row] of rows.entries()) {
      const previous = rows[index - 1];
      if (previous) {
        expect([row.a, row.f]).toEqual([previous.a + 1, previous.l + 1]);
        expect(row.T).toBeGreaterThanOrEqual(previous.T);
      }
    }
    expect(new Set(rows.map(({ f, l }) => l - f + 1))).toEqual(new Set([1, 2, 3]));
  });

  it('should begin at fromId itself, and give the newest without any bound', async () => {
    const newest = await trades('symbol=BTCUSDT');
    expect(newest).toHaveLength(500);
    expect(newest.at(-1)!.T).toBeLessThanOrEqual(NOW);
    expect(await trades(`symbol=BTCUSDT&fromId=${newest[7]!.a}&limit=3`)).toEqual(newest.slice(7, 10));
    expect(await trades(`symbol=BTCUSDT&fromId=${newest.at(-1)!.a + 1}`)).toEqual([]);
    const [first] = await trades('symbol=BTCUSDT&fromId=1&limit=1');
    expect(first).toMatchObject({ a: 4_300_000_000, f: 4_300_000_000 });
  });

  it('should take both times as inclusive, each alone or both together', async () => {
    const rows = await trades(`symbol=BTCUSDT&startTime=${START}&limit=20`);
    const [from, to] = [rows[3]!.T, rows[9]!.T];
    const between = rows.filter(({ T }) => T >= from && T <= to);
    expect(await trades(`symbol=BTCUSDT&startTime=${from}&endTime=${to}`)).toEqual(between);
    expect((await trades(`symbol=BTCUSDT&endTime=${to}&limit=4`)).map(({ a }) => a)).toEqual(
      between.slice(-4).map(({ a }) => a),
    );
    expect(await trades(`symbol=BTCUSDT&startTime=${from}000&endTime=${to}000`)).toEqual(between);
    expect(await trades(`symbol=BTCUSDT&startTime=${NOW + MINUTE}`)).toEqual([]);
    const [micro] = await json<Row[]>(`/api/v3/aggTrades?symbol=BTCUSDT&startTime=${from}&limit=1`, {
      'x-mbx-time-unit': 'MICROSECOND',
    });
    expect(micro).toMatchObject({ a: between[0]!.a, T: between[0]!.T * 1_000, M: true });
  });

  it.each([
    [`symbol=BTCUSDT&fromId=1&startTime=${START}`, -1128],
    [`symbol=BTCUSDT&fromId=1&endTime=${START}`, -1128],
    ['symbol=NOPE', -1121],
    ['fromId=1', -1102],
    ['symbol=BTCUSDT&fromId=-1', -1100],
    ['symbol=BTCUSDT&limit=0', -1130],
    ['symbol=BTCUSDT&from=1', -1104],
  ])('should refuse %s with %d', async (query, code) => {
    expect(await json(`/api/v3/aggTrades?${query}`)).toMatchObject({ code });
  });

  it('should weigh 4 with any limit', async () => {
    const response = await fetch(`${base}/api/v3/aggTrades?symbol=BTCUSDT&limit=1000`);
    await response.arrayBuffer();
    expect(response.headers.get('x-mbx-used-weight-1m')).toBe('4');
  });

  it('should have invalid rows and an id floor when it is told to', async () => {
    const rows = await trades(`symbol=BTCUSDT&startTime=${START}&limit=10`);
    const invalid = rows.find(({ a }) => a % 5 === 0)!.a;
    await setFaults({ kind: 'invalid-trades', symbol: 'BTCUSDT', every: 5 });
    const [row] = await trades(`symbol=BTCUSDT&fromId=${invalid}&limit=1`);
    expect(row).toMatchObject({ a: invalid, p: '0', q: '0', f: -1, l: -1 });
    await setFaults({ kind: 'trade-id-floor', symbol: 'BTCUSDT', first_id: rows[4]!.a });
    expect(await trades('symbol=BTCUSDT&fromId=1&limit=6')).toEqual(
      await trades(`symbol=BTCUSDT&fromId=${rows[4]!.a}&limit=6`),
    );
    expect((await trades(`symbol=BTCUSDT&startTime=${START}&limit=10`))[0]!.a).toBe(rows[4]!.a);
  });
});
