import { eventually, type AppProcess } from '../support/app-process';
import { EventStream, type ReceivedEvent } from '../support/event-stream';
import { getAll, getJson, getText, type ListPage } from '../support/http';
import { rawRequest } from '../support/raw-request';
import { marketAt, Stack } from '../support/stack';

const TODAY = '2026-11-20';

interface PriceItem {
  readonly timestamp_utc: string;
  readonly symbol: string;
}

interface CandleItem {
  readonly symbol: string;
  readonly open_time: string;
  readonly revision: number;
}

const dataOf = <T>(events: readonly ReceivedEvent[], name: string): T[] =>
  events.filter(({ event }) => event === name).map(({ data }) => data as T);

describe('live streams', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,ETHUSDT,BNBUSDT',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '5',
    BACKFILL_DAYS: '1',
    MAX_STREAMS_PER_CLIENT: '6',
    MAX_STREAMS: '8',
  });
  const opened: EventStream[] = [];
  let app: AppProcess;
  let api: string;

  const open = async (path: string, headers: Record<string, string> = {}): Promise<EventStream> => {
    const stream = await EventStream.open(`${api}${path}`, headers);
    opened.push(stream);
    return stream;
  };
  const received = (stream: EventStream, count: number): Promise<true> =>
    eventually(`${count} events are received`, () => Promise.resolve(stream.events.length >= count ? true : undefined));

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(`${TODAY}T12:00:30Z`)), '--clock-factor', '20']);
    app = await stack.start('standalone-app');
    api = await stack.urlOf('standalone-app');
    await eventually('prices are served', async () =>
      (await getJson<ListPage<PriceItem>>(`${api}/trades/latest`)).data.length > 6 ? true : undefined,
    );
  });

  afterEach(() => {
    for (const stream of opened.splice(0)) stream.cut();
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should send price events as the list gives them, in the order in which they were stored', async () => {
    const stream = await open('/stream/prices?symbols=BTCUSDT,BNBUSDT');
    await received(stream, 20);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.retry).toBe('3000');
    const prices = dataOf<PriceItem>(stream.events, 'price');
    const [first] = prices;
    const served = await getAll<PriceItem>(
      api,
      `/trades/range?symbols=BTCUSDT,BNBUSDT&start=${first?.timestamp_utc.slice(0, 23) ?? ''}Z&end=2026-12-01`,
    );
    for (const symbol of ['BTCUSDT', 'BNBUSDT']) {
      const sent = prices.filter((item) => item.symbol === symbol);
      expect(served.filter((item) => item.symbol === symbol).slice(0, sent.length)).toEqual(sent);
    }
  });

  it('should go on exactly behind any event, by header or parameter, with other symbols too', async () => {
    const witness = await open('/stream/prices');
    await received(witness, 30);
    for (const [index, headers, query] of [
      [0, true, ''],
      [7, false, ''],
      [11, true, '?symbols=ETHUSDT'],
      [13, false, ''],
    ] as const) {
      const id = witness.events[index]?.id ?? '';
      const again = await open(
        headers ? `/stream/prices${query}` : `/stream/prices?last_event_id=${id}`,
        headers ? { 'Last-Event-ID': id } : {},
      );
      const wanted = witness.events
        .slice(index + 1)
        .filter(({ data }) => query === '' || (data as PriceItem).symbol === 'ETHUSDT');
      await received(again, wanted.length);
      expect(again.events.slice(0, wanted.length).map(({ data }) => data)).toEqual(wanted.map(({ data }) => data));
      again.cut();
    }
  });

  it('should lose nothing and repeat nothing for a reader that is cut at every few events', async () => {
    const witness = await open('/stream/prices');
    await received(witness, 1);
    const got: ReceivedEvent[] = [];
    let id = witness.events[0]?.id ?? '';
    while (got.length < 40) {
      const stream = await open('/stream/prices', { 'Last-Event-ID': id });
      await received(stream, 1 + (got.length % 5));
      stream.cut();
      got.push(...stream.events);
      id = stream.lastEventId;
    }
    await received(witness, got.length + 1);
    expect(got).toEqual(witness.events.slice(1, got.length + 1));
  });

  it('should send each closed minute once, whole', async () => {
    const stream = await open('/stream/candles?symbols=BTCUSDT&interval=1m');
    await received(stream, 3);
    const candles = dataOf<CandleItem>(stream.events, 'candle');
    const times = candles.map(({ open_time: time }) => time);
    expect(new Set(times).size).toBe(times.length);
    const [first] = times;
    const served = await getAll<CandleItem>(api, `/candles?symbol=BTCUSDT&start=${first ?? ''}`);
    expect(served.slice(0, candles.length)).toEqual(candles);
    expect((await rawRequest(`${api}/stream/candles?interval=5m`)).status).toBe(400);
  });

  it('should begin with what was stored from a time on', async () => {
    const stream = await open(`/stream/prices?symbols=BTCUSDT&start=${TODAY}`);
    const all = await getAll<PriceItem>(api, `/trades/range?symbol=BTCUSDT&start=${TODAY}&end=2026-12-01`);
    await received(stream, all.length);
    expect(dataOf(stream.events, 'price').slice(0, all.length)).toEqual(all);
  });

  it('should say what is missing behind a position of another store, and go on from now', async () => {
    const position = Buffer.from('01', 'hex');
    const other = Buffer.concat([position, Buffer.from([16]), Buffer.from('ffffffffffffffff'), Buffer.from([0, 0, 0])]);
    const stream = await open('/stream/candles?symbols=BTCUSDT', { 'Last-Event-ID': other.toString('base64url') });
    await received(stream, 2);
    expect(stream.events[0]).toMatchObject({
      event: 'gap',
      data: { since: null, next_url: '/candles?symbols=BTCUSDT&interval=1m&last=5000' },
    });
    expect(stream.events[1]?.event).toBe('candle');
  });

  it('should tell an unreadable header as a gap, and refuse an unreadable parameter', async () => {
    const stream = await open('/stream/prices', { 'Last-Event-ID': 'what' });
    await received(stream, 1);
    expect(stream.events[0]?.event).toBe('gap');
    const { status, body } = await rawRequest(`${api}/stream/prices?last_event_id=what`);
    expect(status).toBe(400);
    expect(body.toString()).toContain('last_event_id');
  });

  it('should refuse more streams of one client than it may have, and of all than it serves', async () => {
    for (let number = 0; number < 6; number += 1) await open('/stream/prices');
    const refused = await rawRequest(`${api}/stream/prices`);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '30']);
    opened.shift()?.cut();
    await eventually('the place is free again', async () => {
      try {
        return await open('/stream/prices');
      } catch {
        return undefined;
      }
    });
    expect(await getText(`${api}/metrics`)).toMatch(/csp_stream_readers\{[^}]*stream="prices"[^}]*\} 6/);
  });

  it('should end streams at once when the process stops, and go on behind them after the next start', async () => {
    const stream = await open('/stream/prices');
    await received(stream, 3);
    await app.stop();
    expect(stream.hasEnded).toBe(true);
    expect(stream.failure).toBeUndefined();
    expect(stream.isWhole).toBe(true);
    app = await stack.start('standalone-app');
    const again = await open('/stream/prices', { 'Last-Event-ID': stream.lastEventId });
    await received(again, 6);
    const told = [...stream.events, ...again.events].map(({ data }) => JSON.stringify(data));
    expect(new Set(told).size).toBe(told.length);
    const all = await getAll<PriceItem>(api, `/trades/range?start=${TODAY}&end=2026-12-01`);
    const stored = all.map((item) => JSON.stringify(item));
    const first = stored.findIndex((item) => told.includes(item));
    const next = stored.slice(first, first + told.length + 2);
    expect(told.every((item) => next.includes(item))).toBe(true);
  });
});
