import {
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  compareDecimalTexts,
  floorTo,
  formatDate,
  sameCandleNumbers,
  type CandleNumbers,
  type EpochMicros,
} from '@app/domain';
import { rollUpMinutes, type RollUp } from '@app/history';
import {
  archiveMinutes,
  describeRecordings,
  illiquidRows,
  plainDecimal,
  recordedAnswers,
  recordedHours,
  type RecordedCandle,
} from '../support/recordings';

/** Rolls candles up to buckets of a length; the candles are ascending. */
function rollUpTo(length: EpochMicros, candles: readonly RecordedCandle[]): Map<EpochMicros, RollUp> {
  const buckets = new Map<EpochMicros, RecordedCandle[]>();
  for (const candle of candles) {
    const start = floorTo(candle.openTime, length);
    const bucket = buckets.get(start);
    if (bucket) bucket.push(candle);
    else buckets.set(start, [candle]);
  }
  return new Map(
    [...buckets].flatMap(([start, bucket]) => {
      const rollUp = rollUpMinutes(bucket.map((candle) => ({ ...candle, capturedAt: 0, revision: 1 })));
      return rollUp ? [[start, rollUp]] : [];
    }),
  );
}

/** Open times of recorded candles whose bucket is missing or has other numbers. */
function differing(
  recorded: readonly RecordedCandle[],
  rolled: ReadonlyMap<EpochMicros, CandleNumbers>,
): EpochMicros[] {
  return recorded
    .filter((candle) => {
      const bucket = rolled.get(candle.openTime);
      return !bucket || !sameCandleNumbers(candle, bucket);
    })
    .map(({ openTime }) => openTime);
}

describe('plain decimals of JSON numbers', () => {
  it.each([
    ['17297.0', '17297.0'],
    ['0.00001225', '0.00001225'],
    ['1.5e-7', '0.00000015'],
    ['1e-05', '0.00001'],
    ['0', '0'],
  ])('should write %s as %s', (number, text) => {
    expect(plainDecimal(number)).toBe(text);
  });
});

describeRecordings('the roll-up rule on recordings of the exchange (needs RECORDINGS_DIR)', () => {
  it('should make every 5m candle of an illiquid pair of its 1m candles, without one wrong bucket', () => {
    const NO_TAKERS = { quoteVolume: '0', takerBuyVolume: '0', takerBuyQuoteVolume: '0' };
    const toCandle = ([time, open = '', high = '', low = '', close = '', volume = '']: string[]): RecordedCandle => {
      const tradeCount = compareDecimalTexts(volume, '0') > 0 ? 1 : 0;
      return { openTime: Number(time) * MILLISECOND, open, high, low, close, volume, tradeCount, ...NO_TAKERS };
    };
    const minutes = illiquidRows('1m').map(toCandle);
    const recorded = illiquidRows('5m').map(toCandle);
    const rolled = rollUpTo(5 * MINUTE, minutes);
    expect(minutes).toHaveLength(42_657);
    expect(minutes.filter(({ tradeCount }) => tradeCount === 0)).toHaveLength(2_101);
    expect(recorded).toHaveLength(8_532);
    const wrong = recorded.filter((candle) => {
      const bucket = rolled.get(candle.openTime);
      // These files do not hold trade counts: only whether there was a trade.
      return !bucket || !sameCandleNumbers(candle, { ...bucket, tradeCount: Math.min(1, bucket.tradeCount) });
    });
    expect(wrong).toEqual([]);
  });

  it('should make every hour and day of the 1m archives digit for digit', () => {
    const minutes = ['2020-01-01', '2020-01-02'].flatMap(archiveMinutes);
    expect(minutes).toHaveLength(2_880);
    const [start, end] = [minutes[0]!.openTime, minutes.at(-1)!.openTime];

    const hours = recordedHours().filter(({ openTime }) => openTime >= start && openTime <= end);
    expect(hours).toHaveLength(48);
    const hourly = rollUpTo(HOUR, minutes);
    expect(differing(hours, hourly)).toEqual([]);

    const days = recordedAnswers('BTCUSDT', '1d')
      .flat()
      .filter(({ openTime }) => openTime >= start && openTime <= end);
    expect([...new Set(days.map(({ openTime }) => formatDate(openTime)))].sort()).toEqual(['2020-01-01', '2020-01-02']);
    expect(differing(days, rollUpTo(DAY, minutes))).toEqual([]);
  });

  it('should make the recorded days of recorded hours, but for the days on which the exchange disagrees with itself', () => {
    const daily = rollUpTo(DAY, recordedHours());
    const answers = recordedAnswers('BTCUSDT', '1d');
    const recordings = new Map<EpochMicros, RecordedCandle[]>();
    for (const day of answers.flat().filter(({ openTime }) => daily.has(openTime))) {
      recordings.set(day.openTime, [...(recordings.get(day.openTime) ?? []), day]);
    }
    expect(recordings.size).toBe(494);
    const wrong = [...recordings]
      .map(([, days]) => ({ days, differing: differing(days, daily).length }))
      .filter((day) => day.differing > 0)
      .map((day) => `${formatDate(day.days[0]!.openTime)}: ${day.differing} of ${day.days.length}`);
    expect(wrong.sort()).toEqual([
      '2019-05-08: 1 of 3',
      '2019-10-01: 1 of 3',
      '2019-12-04: 1 of 3',
      '2020-12-21: 1 of 1',
    ]);
  });
});
