import { MINUTE, SECOND, TICKER_SOURCE, positionToText, serializePriceEvent, type EpochMicros } from '@app/domain';
import { buildMinute } from '@app/testing';
import { eventually } from '../support/app-process';
import { EventStream } from '../support/event-stream';
import type { ListPage } from '../support/http';
import { rawRequest } from '../support/raw-request';
import { Recorder } from '../support/recorder';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;
const KEY = 'csp_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** A key that tools send in the address, for they cannot set headers. */
describe('api_key of an address', () => {
  const recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT', { API_KEYS: `sheet:${KEY}`, REQUIRE_API_KEY: 'true' });
  let url: string;

  beforeAll(async () => {
    await recorder.open();
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      for (const time of [NOW - 3 * 1_440 * MINUTE, NOW - 2 * MINUTE]) {
        await recorder.take([buildMinute(symbol, time)]);
        const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
        const value = serializePriceEvent({ timestamp: time + SECOND, symbol, ...numbers, source: TICKER_SOURCE });
        const events = [{ kind: 'price' as const, symbol, capturedAt: time, value }];
        await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
      }
    }
    url = await recorder.listen();
  });

  afterAll(() => recorder.dispose());

  const LISTS = [
    '/candles?limit=1',
    '/trades/latest?limit=1',
    '/trades/range?start=-30d&end=now&limit=1',
    '/coverage?limit=1',
    '/daily-metrics?limit=1',
    '/symbols?limit=1',
  ];
  const WAYS: readonly (readonly [string, (path: string, key: string) => string])[] = [
    ['behind the others', (path, key) => `${path}&api_key=${key}`],
    ['before the others', (path, key) => path.replace('?', `?api_key=${key}&`)],
    ['twice', (path, key) => `${path.replace('?', `?api_key=${key}&`)}&api_key=${key}`],
    ['with its name percent-encoded', (path, key) => `${path}&%61pi_key=${key}`],
  ];

  it.each(LISTS.flatMap((list) => WAYS.map(([how, put]) => [list, how, put] as const)))(
    'should never be in next_url or Link: %s, %s',
    async (list, _how, put) => {
      for (const format of ['json', 'csv', 'ndjson']) {
        let next: string | undefined = `${list}&format=${format}`;
        let pages = 0;
        for (; next !== undefined && pages < 3; pages += 1) {
          const { status, headers, body } = await rawRequest(`${url}${put(next, KEY)}`);
          expect([next, status]).toEqual([next, 200]);
          const link = headers['link'] === undefined ? '' : String(headers['link']);
          for (const told of [link, body.toString()]) {
            expect(told).not.toContain(KEY);
            expect(told).not.toMatch(/api_key|csp_/i);
          }
          if (format === 'json') {
            const page = JSON.parse(body.toString()) as ListPage<unknown>;
            expect(link).toBe(page.next_url === null ? '' : `<${page.next_url}>; rel="next"`);
          }
          next = /^<([^>]+)>/.exec(link)?.[1];
        }
        expect(pages).toBeGreaterThan(1);
      }
    },
  );

  it.each(['/stream/prices', '/stream/candles'])('should never be in the address of a gap: %s', async (path) => {
    const position = positionToText({ generation: 'f'.repeat(16), next: new Map(), within: null, committedAt: NOW });
    const stream = await EventStream.open(`${url}${path}?symbols=BTCUSDT&api_key=${KEY}`, {
      'Last-Event-ID': position,
    });
    const { data } = await eventually('the gap is told', () => Promise.resolve(stream.events[0]));
    stream.cut();
    const { next_url: next } = data as { next_url: string };
    expect(next).not.toContain(KEY);
    expect(next).not.toContain('api_key');
    expect((await rawRequest(`${url}${next}&api_key=${KEY}`)).status).toBe(200);
  });
});
