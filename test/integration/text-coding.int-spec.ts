import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { OpenAPIObject } from '@nestjs/swagger';
import { setupOpenApi } from '@app/api';
import { DAY, MINUTE, SECOND, TICKER_SOURCE, serializePriceEvent, type EpochMicros } from '@app/domain';
import { buildMinute } from '@app/testing';
import { Recorder } from '../support/recorder';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;
/** The most that is sent as it is. */
const LEAST_BYTES = 1_024;

const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync } as const;
type Coding = keyof typeof DECODERS;

/** Routes whose answers differ from one moment to the next. */
const MOVING: ReadonlySet<string> = new Set(['/metrics', '/health']);
const EXAMPLES: Readonly<Record<string, string>> = { '/trades/range': '?start=2026-01-01&end=2026-02-01' };

/** Every route that there is, on a store with enough rows for each. */
describe('text answers above 1 kB', () => {
  const recorder = new Recorder(
    NOW,
    'BTCUSDT,ETHUSDT,BNBUSDT,LTCUSDT,XRPUSDT,ADAUSDT,TRXUSDT,LINKUSDT,DOGEUSDT,SOLUSDT',
  );
  let paths: string[];

  beforeAll(async () => {
    await recorder.open();
    for (let day = 12; day > 0; day -= 1) {
      for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
        const time = NOW - day * DAY;
        await recorder.take([buildMinute(symbol, time)]);
        const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
        const value = serializePriceEvent({ timestamp: time + SECOND, symbol, ...numbers, source: TICKER_SOURCE });
        const events = [{ kind: 'price' as const, symbol, capturedAt: time, value }];
        await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
      }
    }
    for (let minute = -30; minute < 0; minute += 1)
      await recorder.take([buildMinute('BTCUSDT', NOW + minute * MINUTE)]);
    await recorder.serve(setupOpenApi);
    const { body } = await recorder.ask('/openapi.json');
    const html = (await recorder.ask('/docs')).body;
    const parts = [...html.matchAll(/(?:href|src)=['"]\.\/([^'"]+\.(?:js|css))['"]/g)].map(
      ([, part = '']) => `/${part}`,
    );
    expect(parts.length).toBeGreaterThan(3);
    const described = Object.keys((JSON.parse(body) as OpenAPIObject).paths);
    paths = [...described, '/openapi.json', '/docs', ...parts].filter((path) => !path.startsWith('/stream/'));
  });

  afterAll(() => recorder.dispose());

  it('should be compressed on request, whatever their route, and be told apart by caches', async () => {
    const large: string[] = [];
    for (const path of paths) {
      const url = `${path}${EXAMPLES[path] ?? ''}`;
      const plain = await recorder.ask(url);
      expect([url, plain.headers['content-encoding']]).toEqual([url, undefined]);
      if (path.startsWith('/data/') || plain.rawPayload.length <= LEAST_BYTES) continue;
      large.push(path);
      expect([url, plain.headers.vary]).toEqual([url, expect.stringMatching(/Accept-Encoding/)]);
      for (const coding of Object.keys(DECODERS) as Coding[]) {
        const headers = { 'accept-encoding': coding };
        const answer = await recorder.ask(url, 'GET', headers);
        expect([url, answer.statusCode, answer.headers['content-encoding']]).toEqual([url, 200, coding]);
        expect([url, answer.headers.vary]).toEqual([url, plain.headers.vary]);
        expect(answer.headers['content-type']).toBe(plain.headers['content-type']);
        const bytes = DECODERS[coding](answer.rawPayload);
        if (MOVING.has(path)) expect(bytes.length).toBeGreaterThan(LEAST_BYTES);
        else expect([url, bytes.equals(plain.rawPayload)]).toEqual([url, true]);
        const length = answer.headers['content-length'];
        if (length !== undefined) expect([url, Number(length)]).toEqual([url, answer.rawPayload.length]);
        const head = await recorder.ask(url, 'HEAD', headers);
        expect([url, head.statusCode, head.headers['content-encoding']]).toEqual([url, 200, coding]);
        expect(head.rawPayload.length).toBe(0);
      }
      const part = await recorder.ask(url, 'GET', { 'accept-encoding': 'br, gzip', range: 'bytes=0-99' });
      expect([url, part.headers['content-encoding']]).toEqual([url, undefined]);
    }
    expect(large).toEqual(
      expect.arrayContaining([
        ...['/symbols', '/candles', '/trades/range', '/trades/latest', '/coverage', '/daily-metrics'],
        ...['/bi/daily_ohlc.csv', '/bi/data_quality.csv', '/bi/datasets.json'],
        ...['/health', '/metrics', '/openapi.json', '/docs', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'],
      ]),
    );
  });

  it('should be compressed too where they are errors', async () => {
    const url = `/candles?${Array.from({ length: 30 }, (_, index) => `unknown_parameter_${index}=1`).join('&')}`;
    const { statusCode, headers, rawPayload } = await recorder.ask(url, 'GET', { 'accept-encoding': 'gzip' });
    expect([statusCode, headers['content-encoding']]).toEqual([400, 'gzip']);
    expect(gunzipSync(rawPayload).toString()).toContain('unknown_parameter_9');
  });
});
