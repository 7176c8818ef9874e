import { DAY, HOUR, MINUTE, formatEventTime, serializePriceEvent, TICKER_SOURCE } from '@app/domain';
import { Recorder } from '../support/recorder';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

interface HealthAnswer {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly storage: { readonly events_ahead: number };
  readonly symbols: readonly {
    readonly symbol: string;
    readonly last_event_utc: string | null;
    readonly last_event_age_seconds: number | null;
  }[];
}

describe('price events stamped by a clock that was ahead', () => {
  let recorder: Recorder;

  async function polled(symbol: string, prices: Readonly<Record<number, string>>): Promise<void> {
    const events = Object.entries(prices).map(([offset, lastPrice]) => {
      const timestamp = NOON + Number(offset);
      const event = {
        timestamp,
        symbol,
        lastPrice,
        priceChangePercent: '0.000',
        volume: '7.00',
        source: TICKER_SOURCE,
      };
      return { kind: 'price' as const, symbol, capturedAt: timestamp, value: serializePriceEvent(event) };
    });
    await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
  }

  const json = async <T>(url: string): Promise<T> => (await recorder.ask(url)).json<T>();
  const latest = async (): Promise<string[]> => {
    const { data } = await json<{ data: { timestamp_utc: string; lastPrice: string }[] }>('/trades/latest?limit=5000');
    return data.map(({ lastPrice }) => lastPrice);
  };
  const newest = async (): Promise<string[]> =>
    (await recorder.ask('/bi/latest_prices.csv')).body
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[2] ?? '');

  beforeEach(async () => {
    recorder = new Recorder(NOON, 'BTCUSDT,ETHUSDT');
    await recorder.open();
    await recorder.serve();
    await polled('BTCUSDT', { [-MINUTE]: '100.00', [26 * HOUR]: '126.00', [26 * HOUR + MINUTE]: '127.00' });
    await polled('ETHUSDT', { [-2 * MINUTE]: '50.00', [MINUTE]: '51.00', [MINUTE + 1]: '52.00' });
  });

  afterEach(() => recorder.dispose());

  it('are not the newest: /trades/latest and latest_prices go on with what is stamped by now', async () => {
    expect(await latest()).toEqual(['51.00', '100.00', '50.00']);
    expect(await newest()).toEqual(['100.00', '51.00']);
    await polled('BTCUSDT', { 0: '101.00' });
    expect(await latest()).toEqual(['51.00', '101.00', '100.00', '50.00']);
    expect(await newest()).toEqual(['101.00', '51.00']);
  });

  it('are the newest once their time has come', async () => {
    recorder.clock.advance(1);
    expect(await newest()).toEqual(['100.00', '52.00']);
    recorder.clock.advance(26 * HOUR);
    expect(await newest()).toEqual(['127.00', '52.00']);
    expect(await latest()).toEqual(['127.00', '126.00', '52.00', '51.00', '100.00', '50.00']);
  });

  it('are left out of the pages of /trades/latest too', async () => {
    const first = await json<{ data: object[]; next_url: string }>('/trades/latest?limit=2');
    expect(first.data).toHaveLength(2);
    const second = await json<{ data: { lastPrice: string }[] }>(first.next_url);
    expect(second.data.map(({ lastPrice }) => lastPrice)).toEqual(['50.00']);
  });

  it('are there where a range asks for them', async () => {
    const [start, end] = [NOON + 26 * HOUR, NOON + 27 * HOUR].map((time) => encodeURIComponent(formatEventTime(time)));
    const { data } = await json<{ data: object[] }>(`/trades/range?symbol=BTCUSDT&start=${start!}&end=${end!}`);
    expect(data).toHaveLength(2);
  });

  it('make no age negative and are counted in health, which names them', async () => {
    const health = await json<HealthAnswer>('/health');
    expect(health.storage.events_ahead).toBe(3);
    expect(health.reasons).toContainEqual(expect.stringContaining('3 price events are stamped later than now'));
    expect(health.symbols.map(({ last_event_age_seconds: age }) => age)).toEqual([60, 0]);
    expect(health.symbols[0]?.last_event_utc).toBe(formatEventTime(NOON - MINUTE));
    recorder.clock.advance(27 * HOUR);
    const later = await json<HealthAnswer>('/health');
    expect(later.storage.events_ahead).toBe(0);
    expect(later.reasons.join()).not.toContain('stamped later');
  });

  it('do not hide that capture has stopped', async () => {
    recorder.clock.advance(10 * MINUTE);
    const { reasons } = await json<HealthAnswer>('/health');
    expect(reasons).toContainEqual('BTCUSDT: last price 660 s ago');
  });

  it('close no day before it has come so far, and make no row of a day that has not begun', async () => {
    await polled('BTCUSDT', { [-6 * HOUR]: '90.00', [3 * HOUR]: '500.00', [4 * HOUR]: '1.00' });
    const rows = async (): Promise<string> =>
      (await recorder.ask('/bi/daily_ohlc.csv?symbol=BTCUSDT&start=2026-01-14&end=2026-01-18')).body;
    expect(await rows()).toBe(
      'date,symbol,open,high,low,close,is_final,source\r\n2026-01-15,BTCUSDT,90.00,100.00,90.00,100.00,false,ticker\r\n',
    );
    recorder.clock.advance(3 * HOUR);
    expect(await rows()).toContain('\r\n2026-01-15,BTCUSDT,90.00,500.00,90.00,500.00,false,ticker\r\n');
    recorder.clock.advance(2 * DAY);
    expect(await rows()).toContain(
      '\r\n2026-01-15,BTCUSDT,90.00,500.00,1.00,1.00,true,ticker\r\n2026-01-16,BTCUSDT,126.00,127.00,126.00,127.00,true,ticker\r\n',
    );
  });

  it('give no table a time of change that is still to come', async () => {
    for (const path of ['/bi/latest_prices.csv', '/bi/daily_ohlc.csv', '/bi/symbols.csv']) {
      const changed = Date.parse((await recorder.ask(path)).headers['last-modified'] as string);
      expect(changed).toBeLessThanOrEqual(NOON / 1_000);
    }
  });

  it('end no build before its time', async () => {
    const { data } = await json<{ data: { symbol: string; last_date: string; last_event_utc: string }[] }>('/symbols');
    const [btc] = data;
    expect([btc?.last_date, btc?.last_event_utc]).toEqual(['2026-01-15', formatEventTime(NOON - MINUTE)]);
  });
});
