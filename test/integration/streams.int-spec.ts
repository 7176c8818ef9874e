import {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  TICKER_SOURCE,
  serializeCandle,
  serializePriceEvent,
  type EpochMicros,
} from '@app/domain';
import { ConsumerStore } from '@app/storage';
import { buildMinute, FakePorts } from '@app/testing';
import { eventually } from '../support/app-process';
import { EventStream, type ReceivedEvent } from '../support/event-stream';
import { getText, type ListPage } from '../support/http';
import { NarrowSocket } from '../support/narrow-socket';
import { rawRequest } from '../support/raw-request';
import { requestText } from '../support/raw-socket';
import { rebuildStore } from '../support/rebuild';
import { Recorder } from '../support/recorder';
import { storedPrices } from '../support/stored-history';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;

interface PriceItem {
  readonly symbol: string;
  readonly timestamp_utc: string;
}

/** What streams promise beside the order of their events, on a store that is written to meanwhile. */
describe('streams', () => {
  const opened: EventStream[] = [];
  let recorder: Recorder;
  let url: string;

  afterEach(async () => {
    for (const stream of opened.splice(0)) stream.cut();
    await recorder.dispose();
  });

  async function serve(
    variables: Readonly<Record<string, string>> = {},
    limits: Parameters<Recorder['listen']>[0] = {},
  ): Promise<void> {
    recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT', variables);
    await recorder.open();
    await takePrices(NOW - MINUTE);
    url = await recorder.listen(limits);
  }

  async function takePrices(...times: EpochMicros[]): Promise<void> {
    const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
    const events = times.flatMap((timestamp) =>
      ['BTCUSDT', 'ETHUSDT'].map((symbol) => {
        const value = serializePriceEvent({ timestamp, symbol, ...numbers, source: TICKER_SOURCE });
        return { kind: 'price' as const, symbol, capturedAt: timestamp, value };
      }),
    );
    await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
  }

  async function open(path: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const stream = await EventStream.open(`${url}${path}`, headers);
    opened.push(stream);
    return stream;
  }

  const received = (stream: EventStream, count: number): Promise<true> =>
    eventually(`${count} events are received`, () => Promise.resolve(stream.events.length >= count || undefined));

  it('should be refused by 503 beyond MAX_STREAMS, and by 429 first where the client has too many itself', async () => {
    await serve({ MAX_STREAMS: '3', MAX_STREAMS_PER_CLIENT: '2', TRUST_PROXY_HOPS: '1' });
    const from = (address: string): Record<string, string> => ({ 'X-Forwarded-For': address });
    const refusalOf = async (address: string): Promise<unknown> => {
      const { status, headers, body } = await rawRequest(`${url}/stream/prices`, { headers: from(address) });
      const { code, detail } = JSON.parse(body.toString()) as { code: string; detail: string };
      return [status, headers['retry-after'], headers['content-type'], code, /at most (\d)/.exec(detail)?.[1]];
    };
    const refusal = (status: number, code: string, limit: string): unknown[] => [
      ...[status, '30', 'application/problem+json; charset=utf-8', code, limit],
    ];
    await open('/stream/prices', from('192.0.2.1'));
    await open('/stream/candles', from('192.0.2.1'));
    expect(await refusalOf('192.0.2.1')).toEqual(refusal(429, 'STREAM.CLIENT_LIMIT_EXCEEDED', '2'));
    const other = await open('/stream/prices', from('192.0.2.2'));
    // Both limits are reached for the first one, and only that of all for the others.
    expect(await refusalOf('192.0.2.1')).toEqual(refusal(429, 'STREAM.CLIENT_LIMIT_EXCEEDED', '2'));
    expect(await refusalOf('192.0.2.2')).toEqual(refusal(503, 'STREAM.LIMIT_EXCEEDED', '3'));
    expect(await refusalOf('192.0.2.3')).toEqual(refusal(503, 'STREAM.LIMIT_EXCEEDED', '3'));
    other.cut();
    await eventually('the place is free', async () => {
      const { status } = await rawRequest(`${url}/stream/prices`, { headers: from('192.0.2.3') });
      return status === 200 || undefined;
    });
  });

  it('should be refused by 503 that says why where ENABLE_DB_SINK=false keeps no rows', async () => {
    recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT');
    const consumer = await ConsumerStore.open(recorder.options(), false);
    try {
      const { sink } = consumer;
      const claim = await sink.claim({ topic: 'crypto_candles', partition: 0 }, 'candle');
      await sink.start(claim, { kind: 'restart', offset: 0, clusterId: 'test' });
      const values = [serializeCandle(buildMinute('BTCUSDT', NOW - 2 * MINUTE))];
      await sink.take(claim, { begin: 0, next: 1, lastHash: null, origin: Recorder.ORIGIN, values });
      url = await recorder.listen();
      for (const path of ['/stream/prices', '/stream/candles', '/stream/candles?last_event_id=AQ']) {
        const { status, headers, body } = await rawRequest(`${url}${path}`);
        expect([path, status, headers['retry-after']]).toEqual([path, 503, '60']);
        expect(JSON.parse(body.toString())).toMatchObject({
          code: 'STREAM.UNAVAILABLE',
          detail: 'ENABLE_DB_SINK=false keeps raw files only: there are no rows to stream',
        });
      }
      const table = await getText(`${url}/bi/daily_ohlc.csv`);
      expect(table).toBe('date,symbol,open,high,low,close,is_final,source\r\n');
    } finally {
      await consumer.close();
    }
  });

  it('should continue a list without a hole while a writer commits, from the position of its first page', async () => {
    await serve();
    await takePrices(...Array.from({ length: 40 }, (_, index) => NOW - HOUR + index * SECOND));
    let written = 0;
    const write = async (): Promise<void> => {
      recorder.clock.advance(SECOND);
      written += 1;
      // Every second one is late: it stands before rows that were listed already.
      await takePrices(recorder.clock.now() - (written % 2 === 0 ? 90 * MINUTE : 0));
    };
    for (const next of ['next_url', 'next_cursor'] as const) {
      const first = '/trades/range?start=-2h&end=2026-02-01&limit=7';
      const listed: string[] = [];
      const positions = new Set<string>();
      let pages = 0;
      for (let path: string | null = first; path !== null; pages += 1) {
        const { status, headers, body } = await rawRequest(`${url}${path}`);
        expect(status).toBe(200);
        positions.add(String(headers['x-feed-position']));
        const page = JSON.parse(body.toString()) as ListPage<PriceItem>;
        listed.push(...page.data.map((item) => JSON.stringify(item)));
        if (page.next_cursor === null) path = null;
        else path = next === 'next_url' ? page.next_url : `${first}&cursor=${page.next_cursor}`;
        await write();
      }
      expect(pages).toBeGreaterThan(10);
      expect(positions.size).toBe(1);
      await write();
      const stored = (await storedPrices(recorder)).length;
      const stream = await open(`/stream/prices?last_event_id=${[...positions][0] ?? ''}`);
      const had = (): Set<string> => new Set([...listed, ...stream.events.map(({ data }) => JSON.stringify(data))]);
      // Each page and the end were followed by two events.
      await received(stream, 2 * (pages + 1));
      expect(had().size).toBe(stored);
      expect(new Set(listed).size).toBe(listed.length);
      const sent = stream.events.map(({ data }) => JSON.stringify(data));
      expect(new Set(sent).size).toBe(sent.length);
      expect(sent.length).toBe(2 * (pages + 1));
    }
  });

  it('should begin a span back from now, as lists do', async () => {
    await serve();
    recorder.clock.advance(HOUR);
    await takePrices(NOW + HOUR);
    recorder.clock.advance(MINUTE);
    for (const [start, count] of [
      ['-2m', 2],
      ['-1d', 4],
      ['today', 4],
    ] as const) {
      const stream = await open(`/stream/prices?start=${start}`);
      await received(stream, count);
      const times = stream.events.map(({ data }) => (data as PriceItem).timestamp_utc.slice(11, 19));
      expect(times).toEqual(['11:59:00', '11:59:00', '13:00:00', '13:00:00'].slice(-count));
    }
    const { status, body } = await rawRequest(`${url}/stream/prices?start=yesterday`);
    expect([status, body.toString().includes('a span back from now')]).toEqual([400, true]);
  });

  it('should have no length in the answer to HEAD, as it has none', async () => {
    await serve();
    for (const path of ['/stream/prices', '/stream/candles']) {
      const { status, headers, body } = await rawRequest(`${url}${path}`, { method: 'HEAD' });
      expect([status, headers['content-type'], headers['content-length'], body.length]).toEqual([
        ...[200, 'text/event-stream; charset=utf-8', undefined, 0],
      ]);
    }
  });

  it('should end where the store is made anew, and resume as not whole', async () => {
    await serve();
    const stream = await open('/stream/prices');
    await takePrices(NOW);
    await received(stream, 2);
    await recorder.rest();
    await eventually('it has ended', () => Promise.resolve(stream.hasEnded || undefined));
    expect([stream.failure, stream.isWhole]).toEqual([undefined, true]);
    await rebuildStore(recorder, FakePorts.at(NOW + DAY, { SYMBOLS: 'BTCUSDT,ETHUSDT' }));
    await recorder.open();
    url = await recorder.listen();
    const again = await open('/stream/prices', { 'Last-Event-ID': stream.lastEventId });
    await received(again, 1);
    await assertGap(again.events[0]);
  });

  it('should tell of a gap where another feed is under them, and go on from there', async () => {
    await serve();
    const stream = await open('/stream/prices');
    await takePrices(NOW);
    await received(stream, 2);
    const before = stream.lastEventId;
    recorder.change("UPDATE store_facts SET value = ? WHERE name = 'feed_generation'", '0123456789abcdef');
    await received(stream, 3);
    await assertGap(stream.events[2]);
    await takePrices(NOW + SECOND);
    await received(stream, 5);
    expect(stream.events.slice(3).map(({ event }) => event)).toEqual(['price', 'price']);
    const again = await open('/stream/prices', { 'Last-Event-ID': stream.events[2]?.id ?? '' });
    await received(again, 2);
    expect(again.events).toEqual(stream.events.slice(3));
    // Whoever was away meanwhile is told too.
    const late = await open('/stream/prices', { 'Last-Event-ID': before });
    await received(late, 1);
    await assertGap(late.events[0]);
  });

  /** A gap behind the events of noon, whose list has all that is stored. */
  async function assertGap(event: ReceivedEvent | undefined): Promise<void> {
    expect(event).toMatchObject({ event: 'gap', data: { since: '2026-01-15T12:00:00.000000+00:00' } });
    const { next_url: next } = event?.data as { next_url: string };
    const { data } = JSON.parse(await getText(`${url}${next}`)) as ListPage<PriceItem>;
    expect(data.length).toBe((await storedPrices(recorder)).length);
  }

  it('should be cut off where their readers take nothing, and be counted', async () => {
    await serve({}, { silentReaderMs: 1_000, lookMs: 50 });
    for (let batch = 0; batch < 20; batch += 1) {
      await takePrices(...Array.from({ length: 500 }, (_, index) => NOW - HOUR + (batch * 500 + index) * 1_000));
    }
    const quiet = await open('/stream/candles');
    const reader = await NarrowSocket.open(url, requestText('/stream/prices?start=2026-01-01'));
    try {
      const metric = async (name: string): Promise<number> =>
        Number(
          new RegExp(`^${name.replaceAll(/[{}"]/g, '\\$&')} (\\d+)$`, 'm').exec(await getText(`${url}/metrics`))?.[1],
        );
      await eventually(
        'it is open',
        async () => (await metric('csp_stream_readers{stream="prices"}')) === 1 || undefined,
      );
      await eventually(
        'it is cut',
        async () => (await metric('csp_stream_readers{stream="prices"}')) === 0 || undefined,
      );
      expect(await metric('csp_http_connections_cut_total{reason="silent_reader"}')).toBe(1);
      // Nothing waits for this one.
      expect([quiet.hasEnded, await metric('csp_stream_readers{stream="candles"}')]).toEqual([false, 1]);
    } finally {
      await reader.disconnect();
    }
  });
});
