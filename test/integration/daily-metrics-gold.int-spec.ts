import { DAY, MILLISECOND, MINUTE, type EpochMicros, type MinuteCandle } from '@app/domain';
import { metricsOfDays, type MetricsDay } from '@app/history';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { Recorder } from '../support/recorder';

const FIRST = Date.UTC(2025, 8, 1) * MILLISECOND;
const DAYS = 75;

type Row = Record<string, string | number | null> & { readonly date: EpochMicros };

/** A minute of a day at a price in cents; a later version replaces an earlier one. */
function minuteOf(symbol: string, day: number, minute: number, cents: number, version = 0): MinuteCandle {
  const openTime = FIRST + day * DAY + minute * MINUTE;
  const at = (change: number): string => ((cents + change) / 100).toFixed(2);
  return buildMinute(symbol, openTime, {
    open: at(0),
    high: at(7),
    low: at(-5),
    close: at(2),
    volume: '3.00',
    quoteVolume: at(cents),
    capturedAt: openTime + 2 * MINUTE + version * MINUTE,
  });
}

describe('daily metrics in gold', () => {
  const recorder = new Recorder(FIRST + DAYS * DAY, 'BTCUSDT');

  beforeAll(() => recorder.open());
  afterAll(() => recorder.dispose());

  const gold = (symbol: string): Row[] =>
    recorder.rows<Row>(
      `SELECT date, close, log_return, vwap, true_range, vol_close_7d, vol_close_30d, vol_parkinson_30d,
         vol_garman_klass_30d, vol_yang_zhang_30d, max_drawdown_30d, observations, captured_at
       FROM daily_metrics WHERE symbol = ? ORDER BY date`,
      symbol,
    );

  /** What the table has to say, computed from all days in one pass. */
  const recomputed = (symbol: string): Row[] => {
    const days = recorder.rows<MetricsDay & { readonly capturedAt: number }>(
      `SELECT open_time AS date, open, high, low, close, volume, quote_volume AS quoteVolume, captured_at AS capturedAt
       FROM candles_1d WHERE symbol = ? ORDER BY open_time`,
      symbol,
    );
    return metricsOfDays(days, { start: 0, end: Number.MAX_SAFE_INTEGER }).map((metrics) => ({
      date: metrics.date,
      close: metrics.close,
      log_return: metrics.logReturn,
      vwap: metrics.vwap,
      true_range: metrics.trueRange,
      vol_close_7d: metrics.volClose7d,
      vol_close_30d: metrics.volClose30d,
      vol_parkinson_30d: metrics.volParkinson30d,
      vol_garman_klass_30d: metrics.volGarmanKlass30d,
      vol_yang_zhang_30d: metrics.volYangZhang30d,
      max_drawdown_30d: metrics.maxDrawdown30d,
      observations: metrics.observations,
      captured_at: Math.max(
        ...days
          .filter(({ date }) => date <= metrics.date && date >= metrics.date - 30 * DAY)
          .map(({ capturedAt }) => capturedAt),
      ),
    }));
  };

  it('should equal a recomputation from all days, for any order and batching of changes', async () => {
    const minute = fc.record({
      day: fc.nat(DAYS - 1),
      minute: fc.constantFrom(0, 1, 700),
      cents: fc.integer({ min: 100, max: 9_000_000 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(minute, { minLength: 1, maxLength: 120, selector: (at) => `${at.day} ${at.minute}` }),
        fc.array(fc.record({ pick: fc.nat(), cents: fc.integer({ min: 100, max: 9_000_000 }) }), { maxLength: 20 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 140 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (minutes, revisions, order, sizes) => {
          run += 1;
          const [shuffled, ordered] = [`S${run}`, `O${run}`];
          const changes = [
            ...minutes.map(({ day, minute, cents }) => ({ day, minute, cents, version: 0 })),
            ...revisions.map(({ pick, cents }, index) => ({
              ...minutes[pick % minutes.length]!,
              cents,
              version: index + 1,
            })),
          ];
          const toCandle = (symbol: string) => (change: (typeof changes)[number]) =>
            minuteOf(symbol, change.day, change.minute, change.cents, change.version);
          await recorder.take(changes.map(toCandle(ordered)).sort((a, b) => a.capturedAt - b.capturedAt));

          const waiting = changes.map(toCandle(shuffled));
          for (let turn = 0; waiting.length > 0; turn += 1) {
            const size = Math.min(sizes[turn % sizes.length] ?? 1, waiting.length);
            const batch = Array.from({ length: size }, (_, index) => {
              const [next] = waiting.splice((order[(turn + index) % order.length] ?? 0) % waiting.length, 1);
              return next!;
            });
            await recorder.take(batch);
          }
          expect(gold(shuffled)).toEqual(recomputed(shuffled));
          expect(gold(shuffled)).toEqual(gold(ordered));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('should make the changed day and the thirty dates after it anew, and nothing else', async () => {
    const prices = Array.from({ length: DAYS }, (_, day) => 5_000_000 + ((day * 7_919) % 400_000));
    await recorder.take(prices.map((cents, day) => minuteOf('REVISED', day, 0, cents)));
    const before = gold('REVISED');
    expect(before).toHaveLength(DAYS);

    await recorder.take([minuteOf('REVISED', 20, 0, 9_999_999, 5)]);
    const after = gold('REVISED');
    const changed = after.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before[index]));
    expect(changed.map(({ date }) => (date - FIRST) / DAY)).toEqual(
      Array.from({ length: 31 }, (_, index) => 20 + index),
    );
    expect(after).toEqual(recomputed('REVISED'));
  });

  it('should make the metrics of a store of an earlier release when it opens', async () => {
    const before = gold('REVISED');
    await recorder.close();
    recorder.change('DELETE FROM daily_metrics');
    recorder.change("DELETE FROM store_facts WHERE name = 'daily_metrics_version'");
    await recorder.open();
    expect(gold('REVISED')).toEqual(before);

    // Other formulas replace what earlier ones said.
    await recorder.close();
    recorder.change("UPDATE store_facts SET value = '0' WHERE name = 'daily_metrics_version'");
    recorder.change("UPDATE daily_metrics SET vol_close_30d = '1'");
    await recorder.open();
    expect(gold('REVISED')).toEqual(before);
  });
});
