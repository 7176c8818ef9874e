import { BI_TABLE_HEADERS, DAY, HOUR, MILLISECOND, MINUTE, SECOND, type MinuteCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import type { ListPage } from '../support/http';
import { Recorder } from '../support/recorder';

type Item = Readonly<Record<string, string | number | null>>;

const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
const NOW = FIRST + 2 * DAY + 12 * HOUR + 34 * MINUTE + 30 * SECOND;
const RARE = '币安人生USDT';

/** Minutes of a half-open span, captured in time. */
const minutes = (symbol: string, start: number, end: number, changes: Partial<MinuteCandle> = {}): MinuteCandle[] =>
  Array.from({ length: (end - start) / MINUTE }, (_, index) => {
    const openTime = start + index * MINUTE;
    return buildMinute(symbol, openTime, { capturedAt: openTime + MINUTE + SECOND, ...changes });
  });

/**
 * BTCUSDT from 06:00 of the first day, with an hour missing and half an hour stopped; whole on the second; up to now on
 * the third. ETHUSDT has two quiet minutes of the second day, which came in late. The rare one is only configured.
 */
async function record(recorder: Recorder): Promise<void> {
  const start = FIRST + 6 * HOUR;
  const { history } = recorder.store;
  for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
    const ledgerStart = symbol === 'BTCUSDT' ? start : FIRST + DAY;
    await history.track({ symbol, trackedSince: ledgerStart, ledgerStart }, Recorder.ORIGIN);
  }
  await history.saveSymbols(
    [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }],
    Recorder.ORIGIN,
  );
  await recorder.take([
    ...minutes('BTCUSDT', start, FIRST + 10 * HOUR),
    ...minutes('BTCUSDT', FIRST + 11 * HOUR, FIRST + 12 * HOUR),
    ...minutes('BTCUSDT', FIRST + 12 * HOUR + 30 * MINUTE, FIRST + 2 * DAY + 12 * HOUR + 34 * MINUTE),
  ]);
  await history.markStopped('BTCUSDT', [{ start: FIRST + 12 * HOUR, end: FIRST + 12 * HOUR + 30 * MINUTE }]);
  const noon = FIRST + DAY + 12 * HOUR;
  await recorder.take(minutes('ETHUSDT', noon, noon + 2 * MINUTE, { tradeCount: 0, capturedAt: noon + HOUR }));
}

describe('the tables about the history', () => {
  const recorder = new Recorder(NOW, `ETHUSDT,BTCUSDT,${RARE}`);

  beforeAll(async () => {
    await recorder.open();
    await record(recorder);
    // Dates are to the second: that of the last change has to be over before one names its bytes.
    recorder.clock.advance(SECOND);
    await recorder.serve();
  });

  afterAll(() => recorder.dispose());

  const lines = async (url: string): Promise<string[]> => {
    const { statusCode, body } = await recorder.ask(url);
    expect([url, statusCode]).toEqual([url, 200]);
    expect(body.endsWith('\r\n')).toBe(true);
    return body.slice(0, -2).split('\r\n').slice(1);
  };

  const verify = (date: number, result: string, checkedAt: number): void => {
    recorder.change(
      `INSERT OR REPLACE INTO day_verifications (symbol, date, result, checked_at) VALUES ('BTCUSDT', ?, ?, ?)`,
      date,
      result,
      checkedAt,
    );
  };

  it('should account for every date of the ledger, up to the minute that closed two minutes ago', async () => {
    expect(await lines('/bi/data_quality.csv')).toEqual([
      '2026-01-10,BTCUSDT,1080,990,0,30,60,0,94.44,',
      '2026-01-11,BTCUSDT,1440,1440,0,0,0,0,100.00,',
      '2026-01-11,ETHUSDT,1440,0,2,0,1438,2,0.13,',
      '2026-01-12,BTCUSDT,752,752,0,0,0,0,100.00,',
      '2026-01-12,ETHUSDT,752,0,0,0,752,0,0.00,',
    ]);
    expect(await lines('/bi/data_quality.csv?start=2026-01-11&end=2026-01-12&symbol=ethusdt')).toEqual([
      '2026-01-11,ETHUSDT,1440,0,2,0,1438,2,0.13,',
    ]);
  });

  it('should say what comparisons with the exchange found, for days that are still as they were then', async () => {
    const verified = async (): Promise<string[]> =>
      (await lines('/bi/data_quality.csv?symbol=BTCUSDT&days=3')).map((line) => line.split(',').at(-1) ?? '');
    verify(FIRST, 'differs', NOW);
    verify(FIRST + DAY, 'equal', NOW);
    verify(FIRST + 2 * DAY, 'equal', NOW - HOUR);
    expect(await verified()).toEqual(['differs', 'equal', '']);
    recorder.change('DELETE FROM day_verifications');
    expect(await verified()).toEqual(['', '', '']);
  });

  it('should serve hours that are final when the ledger has all of their minutes', async () => {
    const rows = await lines('/bi/hourly_ohlcv.csv?symbols=BTCUSDT,ETHUSDT');
    const final = (hour: string, symbol = 'BTCUSDT'): string | undefined =>
      rows
        .find((row) => row.startsWith(`2026-01-${hour}:00:00Z,${symbol},`))
        ?.split(',')
        .at(-2);
    expect(rows).toHaveLength(17 + 24 + 13 + 1);
    expect(rows[0]).toBe('2026-01-10T06:00:00Z,BTCUSDT,1080.50,1139.50,1080.50,1139.50,120.00,600.00,60,true,kline');
    expect(final('10T10')).toBeUndefined();
    expect(final('10T12')).toBe('true');
    expect(final('11T12', 'ETHUSDT')).toBe('false');
    expect(final('12T12')).toBe('false');
    const keys = rows.map((row) => row.split(',').slice(0, 2).join(' '));
    expect(keys).toEqual([...keys].sort());
  });

  it('should serve metrics with the coverage that the ledger says', async () => {
    const rows = (await lines('/bi/daily_metrics.csv')).map((row) => row.split(','));
    expect(rows.map((row) => [row[0], row[1], row[3] === '', row[12], row[13]].join(' '))).toEqual([
      '2026-01-10 BTCUSDT true 1 94.44',
      '2026-01-11 BTCUSDT false 2 100.00',
      '2026-01-11 ETHUSDT true 1 0.13',
      '2026-01-12 BTCUSDT false 3 100.00',
    ]);
  });

  it('should page through the same metrics as JSON', async () => {
    const items: Item[] = [];
    for (let next: string | null = '/daily-metrics?symbols=ETHUSDT,BTCUSDT&limit=1'; next !== null;) {
      const answer = await recorder.ask(next);
      expect(answer.statusCode).toBe(200);
      const page: ListPage<Item> = answer.json();
      expect(answer.headers['link']).toBe(page.next_url === null ? undefined : `<${page.next_url}>; rel="next"`);
      items.push(...page.data);
      next = page.next_url;
    }
    expect(Object.keys(items[0] ?? {})).toEqual(BI_TABLE_HEADERS.daily_metrics);
    const cells = items.map((item) =>
      Object.values(item)
        .map((value) => (value === null ? '' : String(value)))
        .join(','),
    );
    expect(cells).toEqual(await lines('/bi/daily_metrics.csv?symbols=ETHUSDT,BTCUSDT'));
    const { data } = (await recorder.ask('/daily-metrics?start=2026-01-12&symbol=BTCUSDT')).json<{ data: unknown[] }>();
    expect(data).toHaveLength(1);
  });

  it('should list symbols by code points, also one that is only configured', async () => {
    expect(await lines('/bi/symbols.csv')).toEqual([
      'BTCUSDT,BTC,USDT,TRADING,2026-01-10,2026-01-12,,98.16',
      'ETHUSDT,,,UNKNOWN,2026-01-11,2026-01-11,,0.09',
      `${RARE},,,UNKNOWN,,,,100.00`,
    ]);
  });

  it.each(['hourly_ohlcv', 'daily_metrics', 'data_quality', 'symbols'] as const)(
    'should answer %s as every other table: header, HEAD, conditions, ranges, unknown parameters',
    async (name) => {
      const url = `/bi/${name}.csv?symbol=BTCUSDT&cachebuster=1`;
      const whole = await recorder.ask(url);
      expect(whole.body.split('\r\n')[0]).toBe(BI_TABLE_HEADERS[name].join(','));
      expect(whole.headers).toMatchObject({
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-length': String(Buffer.byteLength(whole.body)),
        'accept-ranges': 'bytes',
      });
      const { etag, 'last-modified': lastModified } = whole.headers;
      const head = await recorder.ask(url, 'HEAD');
      expect([head.statusCode, head.body, head.headers['content-length'], head.headers['etag']]).toEqual([
        200,
        '',
        whole.headers['content-length'],
        etag,
      ]);
      for (const condition of [{ 'if-none-match': String(etag) }, { 'if-modified-since': String(lastModified) }]) {
        expect((await recorder.ask(url, 'GET', condition)).statusCode).toBe(304);
      }
      const part = await recorder.ask(url, 'GET', { range: 'bytes=3-9' });
      expect([part.statusCode, part.body]).toEqual([206, whole.body.slice(3, 10)]);
      expect((await recorder.ask(`/bi/${name}.csv?symbol=NOPE`)).statusCode).toBe(404);
    },
  );

  it.each(['hourly_ohlcv', 'daily_metrics', 'data_quality'] as const)(
    'should answer %s with its header alone where nothing is stored, and refuse windows that are none',
    async (name) => {
      expect(await lines(`/bi/${name}.csv?start=2020-01-01&end=2020-02-01`)).toEqual([]);
      for (const window of ['days=0', 'days=3&start=2026-01-01', 'start=2026-01-02&end=2026-01-01', 'start=soon']) {
        const { statusCode, headers } = await recorder.ask(`/bi/${name}.csv?${window}`);
        expect([window, statusCode, headers['content-type']]).toEqual([
          window,
          400,
          expect.stringContaining('application/problem+json'),
        ]);
      }
    },
  );

  describe('a window that is longer than what is stored', () => {
    const WINDOWED = ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'daily_metrics', 'data_quality'] as const;

    it.each(WINDOWED)('should have the rows of %s that there are, however it is written', async (name) => {
      const rows = await lines(`/bi/${name}.csv`);
      expect(rows.length).toBeGreaterThan(3);
      for (const window of [
        'days=3650',
        'start=1970-01-01',
        'start=2000-01-01&end=2199-01-01',
        'start=-900w&end=now',
      ]) {
        expect([window, await lines(`/bi/${name}.csv?${window}`)]).toEqual([window, rows]);
      }
      const ofOne = rows.filter((row) => row.split(',')[1] === 'ETHUSDT');
      expect(await lines(`/bi/${name}.csv?start=0000000000000&symbol=ETHUSDT`)).toEqual(ofOne);
      expect(await lines(`/bi/${name}.csv?days=3650&symbol=${encodeURIComponent(RARE)}`)).toEqual([]);
      expect(await lines(`/bi/${name}.csv?start=1970-01-01&end=2025-01-01`)).toEqual([]);
    });

    it('should be refused when more is stored than fits into one table, and say how much does', async () => {
      const full = new Recorder(NOW, `ETHUSDT,BTCUSDT,${RARE}`);
      const store = (table: string, symbol: string, from: number, step: number, rows: number): void => {
        full.change(
          `WITH RECURSIVE times(time) AS (SELECT ? UNION ALL SELECT time + ? FROM times LIMIT ?)
           INSERT INTO ${table} (symbol, open_time, open, high, low, close, volume, quote_volume, trade_count,
             taker_buy_volume, taker_buy_quote_volume, minutes, last_minute, captured_at, revision)
           SELECT ?, time, '1', '1', '1', '1', '1', '1', 1, '1', '1', 1, time, time, 1 FROM times`,
          from,
          step,
          rows,
          symbol,
        );
      };
      try {
        await full.open();
        await full.serve();
        const today = NOW - (NOW % DAY);
        for (const symbol of ['BTCUSDT', 'ETHUSDT', RARE]) {
          store('candles_1d', symbol, today - 3_649 * DAY, DAY, 3_650);
          store('candles_1h', symbol, today - 3_649 * DAY, 3_649 * DAY, 2);
        }
        const answer = await full.ask('/bi/hourly_ohlcv.csv?days=3650');
        expect(answer.statusCode).toBe(400);
        expect(answer.json()).toMatchObject({
          errors: [
            {
              field: 'symbols',
              value: '3 symbols',
              allowed: expect.stringContaining('1388 dates for 3 symbols') as unknown,
            },
          ],
        });
        expect((await full.ask('/bi/hourly_ohlcv.csv?days=3650&symbol=BTCUSDT')).statusCode).toBe(200);
        expect((await full.ask('/bi/daily_ohlc.csv?days=3650')).statusCode).toBe(200);
        // With a hole of nine years between its ends, it fits.
        full.change('DELETE FROM candles_1d WHERE open_time > ? AND open_time < ?', today - 3_600 * DAY, today);
        const { statusCode, body } = await full.ask('/bi/hourly_ohlcv.csv?days=3650');
        expect([statusCode, body.split('\r\n').length]).toEqual([200, 1 + 6 + 1]);
      } finally {
        await full.dispose();
      }
    });
  });

  describe('bounds that are instants', () => {
    it.each(['daily_ohlc', 'daily_volume', 'daily_metrics', 'data_quality'])(
      'should give the dates of %s that the range touches',
      async (name) => {
        const dates = await lines(`/bi/${name}.csv?start=2026-01-11&end=2026-01-12`);
        expect(dates.length).toBeGreaterThan(1);
        for (const range of [
          'start=2026-01-11T00:00:00Z&end=2026-01-11T00:00:00.001Z',
          'start=2026-01-11T14:30:00.123456%2B00:00&end=2026-01-12T01:00:00%2B01:00',
          'start=2026-01-12T04:59:59+0500&end=2026-01-12',
          `start=${Date.UTC(2026, 0, 11, 23, 59)}&end=${Date.UTC(2026, 0, 12)}`,
          'start=-24h&end=today',
        ]) {
          expect([range, await lines(`/bi/${name}.csv?${range}`)]).toEqual([range, dates]);
        }
      },
    );

    it('should give the hours of hourly_ohlcv that the range touches', async () => {
      const hours = async (range: string): Promise<string[]> =>
        (await lines(`/bi/hourly_ohlcv.csv?symbol=BTCUSDT&${range}`)).map((row) => row.slice(0, 13));
      expect(await hours('start=2026-01-11T13:59:59.999Z&end=2026-01-11T15:00:00.001Z')).toEqual([
        '2026-01-11T13',
        '2026-01-11T14',
        '2026-01-11T15',
      ]);
      expect(await hours(`start=${Date.UTC(2026, 0, 11, 13)}&end=${Date.UTC(2026, 0, 11, 14)}`)).toEqual([
        '2026-01-11T13',
      ]);
      expect(await hours('start=-90m')).toEqual(['2026-01-12T11', '2026-01-12T12']);
    });

    it.each([
      ['1768046400', 'write 1768046400000'],
      ['1768046400000000', 'write 1768046400000'],
      ['-7y', 'a span back from now'],
      ['1969-01-01', 'of the years 1970 to 2199'],
      ['2026-02-30', 'ISO 8601'],
    ])('should refuse %s as lists do, with a hint', async (time, hint) => {
      const refused = async (url: string): Promise<unknown> => {
        const answer = await recorder.ask(url);
        expect([url, answer.statusCode]).toEqual([url, 400]);
        return answer.json<{ errors: unknown }>().errors;
      };
      for (const bound of ['start', 'end']) {
        const errors = await refused(`/bi/hourly_ohlcv.csv?${bound}=${time}`);
        expect(errors).toMatchObject([
          { field: bound, value: time, allowed: expect.stringContaining(hint) as unknown },
        ]);
        expect(await refused(`/candles?${bound}=${time}`)).toEqual(errors);
      }
    });
  });

  it('should describe all tables as a data package, with the same conditions', async () => {
    const answer = await recorder.ask('/bi/datasets.json?cachebuster=1');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { resources } = answer.json<{ resources: { path: string; schema: { fields: { name: string }[] } }[] }>();
    expect(resources).toHaveLength(Object.keys(BI_TABLE_HEADERS).length);
    for (const { path, schema } of resources) {
      const { statusCode, body } = await recorder.ask(`/bi/${path}`);
      expect([path, statusCode]).toEqual([path, 200]);
      expect(body.split('\r\n')[0]).toBe(schema.fields.map(({ name }) => name).join(','));
    }
    const unchanged = await recorder.ask('/bi/datasets.json', 'GET', {
      'if-none-match': String(answer.headers['etag']),
    });
    expect(unchanged.statusCode).toBe(304);
  });

  it('should describe the tables also while there is no store', async () => {
    const early = new Recorder(NOW, 'BTCUSDT');
    try {
      await early.serve();
      expect((await early.ask('/bi/symbols.csv')).statusCode).toBe(503);
      const answer = await early.ask('/bi/datasets.json');
      expect([answer.statusCode, answer.body]).toEqual([200, (await recorder.ask('/bi/datasets.json')).body]);
      expect((await early.ask('/bi/datasets.json', 'HEAD')).headers['content-length']).toBe(
        String(Buffer.byteLength(answer.body)),
      );
    } finally {
      await early.dispose();
    }
  });
});
