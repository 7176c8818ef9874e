import {
  compareDecimalTexts,
  KLINE_SOURCE,
  MILLISECOND,
  MINUTE,
  sameCandleNumbers,
  type CandleNumbers,
  type EpochMicros,
  type MinuteCandle,
  type StoredCandle,
} from '@app/domain';
import {
  archiveMinutes,
  describeRecordings,
  illiquidRows,
  recordedAnswers,
  type RecordedCandle,
} from '../support/recordings';
import { withCandleStore } from '../support/candle-store';

const CAPTURED_AT = Date.UTC(2026, 0, 10) * MILLISECOND;

const toMinute = (symbol: string, candle: RecordedCandle): MinuteCandle => ({
  ...candle,
  symbol,
  closeTime: candle.openTime + MINUTE - MILLISECOND,
  source: KLINE_SOURCE,
  capturedAt: CAPTURED_AT,
});

/** The illiquid pair's files have no quote volume and no counts: only whether there was a trade. */
function illiquid(interval: '1m' | '5m'): RecordedCandle[] {
  return illiquidRows(interval).map(([time, open = '', high = '', low = '', close = '', volume = '']) => ({
    openTime: Number(time) * MILLISECOND,
    open,
    high,
    low,
    close,
    volume,
    quoteVolume: '0',
    tradeCount: compareDecimalTexts(volume, '0') > 0 ? 1 : 0,
    takerBuyVolume: '0',
    takerBuyQuoteVolume: '0',
  }));
}

/** Open times of recorded candles that are not served, or with other numbers. */
function differing(
  recorded: readonly RecordedCandle[],
  served: readonly StoredCandle[],
  adapt: (candle: StoredCandle) => CandleNumbers = (candle) => candle,
): EpochMicros[] {
  const byTime = new Map(served.map((candle) => [candle.openTime, candle]));
  return recorded
    .filter((candle) => {
      const found = byTime.get(candle.openTime);
      return !found || !sameCandleNumbers(candle, adapt(found));
    })
    .map(({ openTime }) => openTime);
}

describeRecordings('candles served of recorded minutes (needs RECORDINGS_DIR)', () => {
  it('should be the 5m candles that the exchange has of an illiquid pair, all of them and no others', async () => {
    await withCandleStore(async (store) => {
      await store.take(illiquid('1m').map((candle) => toMinute('AIONBTC', candle)));
      const reader = await store.reader();
      const served: StoredCandle[] = [];
      for (let start: EpochMicros | undefined = 0; start !== undefined;) {
        const page: StoredCandle[] = await reader.range(['AIONBTC'], '5m', { start }, 1_000);
        served.push(...page);
        const last: StoredCandle | undefined = page.at(-1);
        start = last && last.openTime + 1;
      }
      const recorded = illiquid('5m');
      expect(recorded).toHaveLength(8_532);
      // The minutes go on for one bucket more than the recorded 5m candles.
      expect(served.slice(0, -1).map(({ openTime }) => openTime)).toEqual(recorded.map(({ openTime }) => openTime));
      const anyTrade = (candle: StoredCandle): CandleNumbers => ({
        ...candle,
        tradeCount: Math.min(1, candle.tradeCount),
      });
      expect(differing(recorded, served, anyTrade)).toEqual([]);
    });
  });

  it('should be the recorded 5m and 1d candles of BTCUSDT, digit for digit', async () => {
    await withCandleStore(async (store) => {
      const minutes = ['2020-01-01', '2020-01-02'].flatMap(archiveMinutes);
      await store.take(minutes.map((candle) => toMinute('BTCUSDT', candle)));
      const reader = await store.reader();
      const [start, end] = [minutes[0]!.openTime, minutes.at(-1)!.openTime + MINUTE];
      for (const [interval, count] of [
        ['5m', 24],
        ['1d', 2],
      ] as const) {
        const recorded = recordedAnswers('BTCUSDT', interval)
          .flat()
          .filter(({ openTime }) => openTime >= start && openTime < end);
        expect(new Set(recorded.map(({ openTime }) => openTime)).size).toBe(count);
        expect(differing(recorded, await reader.range(['BTCUSDT'], interval, {}, 5_000))).toEqual([]);
      }
    });
  });
});
