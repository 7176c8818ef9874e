import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { strFromU8, unzipSync } from 'fflate';
import { createSimulator } from '../create-simulator';
import { MINUTE } from '../market/interval';
import { parseOptions } from '../options';

const MARKET = '2026-03-18T13:37:43.000Z';
const FOLDER = '/data/spot/daily/klines/BTCUSDT/1m';
const YESTERDAY = `${FOLDER}/BTCUSDT-1m-2026-03-17.zip`;

describe('archive of the exchange simulator', () => {
  let close: () => Promise<void>;
  let base: string;

  async function start(...flags: string[]): Promise<void> {
    const options = parseOptions(['--port', '0', '--clock-origin', `${MARKET}@2026-06-01T00:00:00Z`, ...flags]);
    if (options === 'help') {
      throw new Error('no help wanted here');
    }
    const { app } = await createSimulator(options, () => options.clockOrigin.real);
    await app.listen(options.port, options.host);
    base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    close = () => app.close();
  }

  const get = (path: string): Promise<Response> => fetch(base + path);
  const status = async (path: string): Promise<number> => {
    const response = await get(path);
    await response.arrayBuffer();
    return response.status;
  };
  const bytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await (await get(path)).arrayBuffer());
  const text = async (path: string): Promise<string> => (await get(path)).text();
  const lines = async (path: string): Promise<string[]> => {
    const [[name, contents] = ['', new Uint8Array()]] = Object.entries(unzipSync(await bytes(path)));
    expect(name).toBe(decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)).replace('.zip', '.csv'));
    const csv = strFromU8(contents);
    expect(csv.endsWith('\n')).toBe(true);
    return csv.slice(0, -1).split('\n');
  };
  const klines = async (query: string, unit = 'MILLISECOND'): Promise<string[]> => {
    const response = await fetch(`${base}/api/v3/klines?${query}`, { headers: { 'x-mbx-time-unit': unit } });
    return ((await response.json()) as (string | number)[][]).map((row) => row.join(','));
  };
  const setFaults = async (...faults: object[]): Promise<void> => {
    const body = JSON.stringify(faults);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${base}/_simulator/faults`, { method: 'PUT', headers, body });
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
  };
  const at = (time: string): number => Date.parse(time);

  afterEach(() => close());

  describe('of a simulated market', () => {
    beforeEach(() => start());

    it('should hold the rows of REST, in microseconds from 2025 on and in milliseconds before', async () => {
      const new2025 = await lines(`${FOLDER}/BTCUSDT-1m-2025-01-01.zip`);
      expect(new2025).toHaveLength(1_440);
      const query = (day: string): string => `symbol=BTCUSDT&interval=1m&limit=1000&startTime=${at(day)}`;
      expect(new2025.slice(0, 1_000)).toEqual(await klines(query('2025-01-01'), 'MICROSECOND'));
      expect(new2025[0]).toMatch(/^1735689600000000,.*,1735689659999999,/);
      const old2024 = await lines(`${FOLDER}/BTCUSDT-1m-2024-12-31.zip`);
      expect(old2024.slice(0, 1_000)).toEqual(await klines(query('2024-12-31')));
      expect(old2024[0]).toMatch(/^1735603200000,.*,1735603259999,/);
    });

    it('should hold longer intervals, months, and symbols of every script', async () => {
      const month = await lines('/data/spot/monthly/klines/BTCUSDT/1mo/BTCUSDT-1mo-2026-02.zip');
      expect(month).toEqual(
        await klines(`symbol=BTCUSDT&interval=1M&limit=1&startTime=${at('2026-02-01')}`, 'MICROSECOND'),
      );
      const symbol = encodeURIComponent('币安人生USDT');
      expect(await lines(`/data/spot/daily/klines/${symbol}/1h/${symbol}-1h-2026-03-17.zip`)).toHaveLength(24);
    });

    it('should give a checksum as sha256sum writes it, without a line break', async () => {
      const hash = createHash('sha256')
        .update(await bytes(YESTERDAY))
        .digest('hex');
      expect(await text(`${YESTERDAY}.CHECKSUM`)).toBe(`${hash}  BTCUSDT-1m-2026-03-17.zip`);
    });

    it('should give the same bytes in every run', async () => {
      const first = await bytes(YESTERDAY);
      await close();
      await start();
      expect(await bytes(YESTERDAY)).toEqual(first);
    });

    it.each([
      ['today', `${FOLDER}/BTCUSDT-1m-2026-03-18.zip`],
      ['a month that goes on', '/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2026-03.zip'],
      ['a day before the listing', `${FOLDER}/BTCUSDT-1m-2017-08-16.zip`],
      ['a symbol that is not listed', '/data/spot/daily/klines/NOPE/1m/NOPE-1m-2026-03-17.zip'],
      ['daily weeks', '/data/spot/daily/klines/BTCUSDT/1w/BTCUSDT-1w-2026-03-17.zip'],
    ])('should answer 404 for %s and its checksum', async (_, path) => {
      expect([await status(path), await status(`${path}.CHECKSUM`)]).toEqual([404, 404]);
    });

    it('should charge no weight for files', async () => {
      await status(YESTERDAY);
      const stats = await (await get('/_simulator/stats')).json();
      expect(stats).toMatchObject({ requests: { '/data/spot': 1 }, max_weight_per_minute: 0 });
    });

    it('should publish the checksum of another issue for as often as it is told', async () => {
      const right = await text(`${YESTERDAY}.CHECKSUM`);
      await setFaults({ kind: 'archive-checksum', symbol: 'BTCUSDT', times: 2 });
      const [first, second, third] = [1, 2, 3].map(() => text(`${YESTERDAY}.CHECKSUM`));
      expect([await first, await second, await third].filter((answer) => answer === right)).toHaveLength(1);
      expect((await first)!).toHaveLength(right.length);
    });

    it('should truncate, repeat, head and hide files, each with a hash that matches', async () => {
      const whole = await lines(YESTERDAY);
      await setFaults({ kind: 'archive-truncated', end: '2026-03-17T07:36:00Z' });
      expect(await lines(YESTERDAY)).toEqual(whole.slice(0, 456));
      expect(await lines(`${FOLDER}/BTCUSDT-1m-2026-03-16.zip`)).toHaveLength(1_440);
      await setFaults({ kind: 'archive-duplicates', symbol: 'BTCUSDT' });
      expect(await lines(YESTERDAY)).toEqual(whole.flatMap((line) => [line, line, line]));
      await setFaults({ kind: 'archive-header', date: '2026-03-17' });
      const [header, ...rest] = await lines(YESTERDAY);
      expect([header?.split(',')[0], rest]).toEqual(['open_time', whole]);
      const hash = createHash('sha256')
        .update(await bytes(YESTERDAY))
        .digest('hex');
      expect(await text(`${YESTERDAY}.CHECKSUM`)).toContain(hash);
      await setFaults({ kind: 'archive-absent', date: '2026-03-17' });
      expect([await status(YESTERDAY), await status(`${YESTERDAY}.CHECKSUM`)]).toEqual([404, 404]);
      await setFaults();
      expect(await lines(YESTERDAY)).toEqual(whole);
    });

    it('should break a row of a file, with a hash that matches', async () => {
      const whole = await lines(YESTERDAY);
      const start = at('2026-03-17T00:01:00Z');
      const fault = { kind: 'broken-row', symbol: 'BTCUSDT', start, end: start + MINUTE } as const;
      await setFaults({ ...fault, place: 'archive', field: 'close_time', shift_ms: -60_000 });
      const columns = whole[1]?.split(',') ?? [];
      expect(await lines(YESTERDAY)).toEqual(whole.with(1, columns.with(6, String(Number(columns[0]) - 1)).join(',')));
      const hash = createHash('sha256')
        .update(await bytes(YESTERDAY))
        .digest('hex');
      expect(await text(`${YESTERDAY}.CHECKSUM`)).toContain(hash);
      await setFaults({ ...fault, place: 'rest', columns: 3 });
      expect(await lines(YESTERDAY)).toEqual(whole);
    });

    it('should contradict the daily file in the monthly one', async () => {
      const time = '2026-02-10T12:34:00Z';
      await setFaults({ kind: 'archive-monthly-differs', symbol: 'BTCUSDT', open_time: time });
      const monthly = await lines('/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2026-02.zip');
      const daily = await lines(`${FOLDER}/BTCUSDT-1m-2026-02-10.zip`);
      const differing = daily.filter((line) => !monthly.includes(line));
      expect(differing.map((line) => Number(line.split(',')[0]) / 1_000)).toEqual([at(time)]);
    });

    it.each([
      [{ kind: 'waf' }, 403, null],
      [{ kind: 'geo-block' }, 451, null],
      [{ kind: 'ban', retry_after_seconds: 120 }, 418, '120'],
      [{ kind: 'rate-limit', retry_after_seconds: 17 }, 429, '17'],
    ])('should refuse with %j', async (fault, expected, retryAfter) => {
      await setFaults({ ...fault, route: '/data/spot', times: 1 });
      const response = await get(YESTERDAY);
      expect([response.status, response.headers.get('retry-after')]).toEqual([expected, retryAfter]);
      expect(await status(YESTERDAY)).toBe(200);
    });

    it('should cut a transfer, delay it, or answer with any status', async () => {
      await setFaults({ kind: 'cut', route: '/data/spot', times: 1 });
      await expect(bytes(YESTERDAY)).rejects.toThrow();
      expect(await status(YESTERDAY)).toBe(200);
      await setFaults({ kind: 'status', route: '/data/spot', status: 503, times: 1 });
      expect([await status(YESTERDAY), await status(YESTERDAY)]).toEqual([503, 200]);
      await setFaults({ kind: 'status', status: 503 });
      expect(await status(YESTERDAY)).toBe(200);
    });

    it('should hold the rows of the market as its faults have made it', async () => {
      const start = at('2026-03-17T10:00:00Z');
      await setFaults({ kind: 'absent', symbol: 'BTCUSDT', start, end: start + 30 * MINUTE });
      expect(await lines(YESTERDAY)).toHaveLength(1_410);
    });
  });

  it('should publish a day so long after its end as it is told', async () => {
    await start('--archive-delay', String(14 * 3_600));
    expect([await status(YESTERDAY), await status(`${FOLDER}/BTCUSDT-1m-2026-03-16.zip`)]).toEqual([404, 200]);
  });
});
