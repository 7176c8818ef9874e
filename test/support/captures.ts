import { HOUR, KLINE_SOURCE, MILLISECOND, MINUTE, SECOND, type MinuteCandle } from '@app/domain';
import fc from 'fast-check';

/** The last minutes of a day and the first of the next, one of them off the full minute. */
export const MIDNIGHT = Date.UTC(2026, 0, 15) * MILLISECOND;
const OPEN_TIMES = [
  MIDNIGHT - HOUR,
  ...[-3, -2, -1, 0, 1].map((minute) => MIDNIGHT + minute * MINUTE),
  MIDNIGHT + MINUTE + 14 * SECOND,
];

/** Few numbers, so that captures often agree; some differ in their text alone. */
const NUMBERS: readonly Partial<MinuteCandle>[] = [
  { open: '10.0', high: '12.5', low: '9.5', close: '11.0', volume: '2.5', tradeCount: 4 },
  { open: '10.00', high: '12.50', low: '9.5', close: '11.000', volume: '2.50', tradeCount: 4 },
  { open: '10.0', high: '13', low: '9.5', close: '11.5', volume: '2.75', tradeCount: 5 },
  { open: '10.0', high: '12.5', low: '9.5', close: '11.0', volume: '2.6', tradeCount: 4 },
  { open: '11', high: '11', low: '11', close: '11', volume: '0', tradeCount: 0 },
];

/** Captures of few minutes of two symbols, often of the same minute, instant or numbers. */
export const capture = fc
  .record({
    symbol: fc.constantFrom('AAA', 'BBB'),
    openTime: fc.constantFrom(...OPEN_TIMES),
    numbers: fc.constantFrom(...NUMBERS),
    // Some come more than ten minutes late; several at one instant.
    delay: fc.constantFrom(0, 1, 2, 11, 12, 60 * 25),
    source: fc.constantFrom(KLINE_SOURCE, 'archive'),
  })
  .map(({ symbol, openTime, numbers, delay, source }): MinuteCandle => ({
    symbol,
    openTime,
    closeTime: openTime + MINUTE - MILLISECOND,
    open: '1',
    high: '1',
    low: '1',
    close: '1',
    volume: '1',
    quoteVolume: '3.125',
    tradeCount: 1,
    takerBuyVolume: '0.5',
    takerBuyQuoteVolume: '1.0625',
    source,
    ...numbers,
    capturedAt: openTime + MINUTE + delay * MINUTE + 7,
  }));
