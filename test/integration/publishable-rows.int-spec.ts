import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BiBuildUseCase, BiModule, BuildClock, ExportCandlesUseCase } from '@app/bi';
import {
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  serializePriceEvent,
  type CandleNumbers,
  type MinuteCandle,
} from '@app/domain';
import { ParquetModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { Recorder } from '../support/recorder';

const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
const DAYS = 40;
const NOW = FIRST + DAYS * DAY + 12 * HOUR;
const SYMBOLS = ['BADUSDT', 'BTCUSDT'];

/** Every shape of number that is accepted, the largest and the smallest among them. */
const amount = fc.oneof(
  fc.stringMatching(/^(?:0|[1-9]\d{0,23})(?:\.\d{1,8})?$/),
  fc.constantFrom('0', '0.00000000', '0.00000001', '9'.repeat(24), `${'9'.repeat(24)}.99999999`, '1'),
);
const numbers = fc.record<CandleNumbers>({
  open: amount,
  high: amount,
  low: amount,
  close: amount,
  volume: amount,
  quoteVolume: amount,
  tradeCount: fc.constantFrom(0, 1, 82, Number.MAX_SAFE_INTEGER / 10_000 - 1).map(Math.floor),
  takerBuyVolume: amount,
  takerBuyQuoteVolume: amount,
});
const changeText = fc.tuple(fc.constantFrom('', '-'), amount).map(([sign, text]) => sign + text);

describe('what is accepted can be published', () => {
  const recorders: Recorder[] = [];
  const folders: string[] = [];
  const { signal } = new AbortController();

  async function open(): Promise<Recorder> {
    const recorder = new Recorder(NOW, SYMBOLS.join(','));
    recorders.push(recorder);
    await recorder.open();
    return recorder;
  }

  afterEach(async () => {
    for (const recorder of recorders.splice(0)) await recorder.dispose();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function build(recorder: Recorder): Promise<unknown> {
    const clock = new BuildClock(recorder.clock);
    const imports = [BiModule.build(clock, [StorageReadModule.on(clock), ParquetModule])];
    return recorder.run(imports, (context) =>
      context.get(BiBuildUseCase).run(join(recorder.folder, 'build'), 2, signal),
    );
  }

  function exported(recorder: Recorder, interval: '1m' | '1h' | '1d' | '1w'): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), 'csp-publish-'));
    folders.push(folder);
    const imports = [BiModule.export([StorageReadModule, ParquetModule])];
    return recorder.run(imports, (context) =>
      context
        .get(ExportCandlesUseCase)
        .toFile(
          { symbols: SYMBOLS, interval, range: {} },
          'parquet',
          join(folder, 'x.parquet'),
          signal,
          () => undefined,
        ),
    );
  }

  const minuteAt = (symbol: string, openTime: number, changes: Partial<MinuteCandle> = {}): MinuteCandle =>
    buildMinute(symbol, openTime, { capturedAt: openTime + MINUTE, ...changes });

  it('should build and export every row that is accepted, contradictory ones too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(numbers, { minLength: DAYS, maxLength: DAYS }),
        fc.array(fc.tuple(amount, changeText, amount), { minLength: 2, maxLength: 2 }),
        async (rows, prices) => {
          const recorder = await open();
          // Some minutes a day, so that hours and days are sums, and windows of metrics are full.
          await recorder.take(
            rows.flatMap((row, index) =>
              [0, 1, 61].map((minute) => minuteAt('BADUSDT', FIRST + index * DAY + minute * MINUTE, row)),
            ),
          );
          await recorder.store.sink.take({
            origin: Recorder.ORIGIN,
            events: prices.map(([lastPrice, priceChangePercent, volume], index) => {
              const timestamp = FIRST + index * DAY + SECOND;
              const event = { timestamp, symbol: 'BTCUSDT', lastPrice, priceChangePercent, volume, source: 'test' };
              return { kind: 'price', symbol: 'BTCUSDT', capturedAt: timestamp, value: serializePriceEvent(event) };
            }),
          });
          await build(recorder);
          for (const interval of ['1m', '1h', '1d', '1w'] as const) {
            expect(await exported(recorder, interval)).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  const BAD = FIRST + DAY + 7 * HOUR + 3 * MINUTE;

  /** A store as an earlier release could leave it: with a row that would not be accepted today. */
  async function withStoredRow(high: string): Promise<Recorder> {
    const recorder = await open();
    await recorder.take([
      ...SYMBOLS.flatMap((symbol) => [0, 1, 2].map((minute) => minuteAt(symbol, BAD + (minute - 1) * MINUTE))),
    ]);
    for (const [table, time] of [
      ['candles_1m', BAD],
      ['candles_1h', BAD - 3 * MINUTE],
      ['candles_1d', FIRST + DAY],
    ] as const) {
      recorder.change(`UPDATE ${table} SET high = ? WHERE symbol = 'BADUSDT' AND open_time = ?`, high, time);
    }
    return recorder;
  }

  it.each([
    ['a 40-digit price', '1'.repeat(40)],
    ['20 decimals', `0.${'1'.repeat(20)}`],
    ['31 digits before the point', `${'7'.repeat(31)}.5`],
  ])('should name symbol and minute of a stored row with %s', async (_, high) => {
    const recorder = await withStoredRow(high);
    const origin = `it comes from the minute 2026-01-11T07:03:00Z of BADUSDT, high "${high}"; rows beyond what is accepted`;
    await expect(build(recorder)).rejects.toThrow(
      new RegExp(`^daily_ohlc BADUSDT 2026-01-11: high: "${high}" does not fit; the column holds .*; ${origin}`),
    );
    await expect(exported(recorder, '1h')).rejects.toThrow(
      new RegExp(`^BADUSDT 2026-01-11T07:00:00Z: high: "${high}" does not fit; .*; ${origin}`),
    );
    await expect(exported(recorder, '1m')).rejects.toThrow(
      new RegExp(`^BADUSDT 2026-01-11T07:03:00Z: high: .*; ${origin}`),
    );
  });

  it('should serve a stored row whose only fault is a leading zero', async () => {
    const recorder = await withStoredRow('01074.50');
    await build(recorder);
    expect(await exported(recorder, '1m')).toBe(6);
  });

  it('should name symbol and time of a stored price that fits into no table', async () => {
    const recorder = await open();
    const timestamp = FIRST + DAY + 123_456;
    const event = {
      timestamp,
      symbol: 'BADUSDT',
      lastPrice: '5',
      priceChangePercent: '1',
      volume: '7',
      source: 'test',
    };
    await recorder.store.sink.take({
      origin: Recorder.ORIGIN,
      events: [{ kind: 'price', symbol: 'BADUSDT', capturedAt: timestamp, value: serializePriceEvent(event) }],
    });
    recorder.change('UPDATE price_events SET last_price = ?', '1'.repeat(40));
    recorder.change('UPDATE ticker_days SET high = ?', '1'.repeat(40));
    await expect(build(recorder)).rejects.toThrow(
      /^daily_ohlc BADUSDT 2026-01-11: high: "1{40}" does not fit; .*; it comes from the price of BADUSDT at 2026-01-11T00:00:00\.123456\+00:00, lastPrice "1{40}"; /,
    );
  });
});
