import { contradictionsOf, formatDecimal, parseDecimal, type MinuteCandle } from '../model';
import { parseCandle, toCandleV1 } from './candle.contract';
import type { EventKind } from './event-kind';

export const CANDLES_TOPIC = 'crypto_candles';

/** Closed minutes. */
export const CANDLE_KIND: EventKind<MinuteCandle> = {
  name: 'candle',
  topic: CANDLES_TOPIC,
  parse: parseCandle,
  toContract: toCandleV1,
  keyOf: ({ symbol, openTime, source }) => ({ symbol, time: openTime, source }),
  capturedAt: ({ capturedAt }) => capturedAt,
  contentOf: numbersOf,
  contradictions: {
    metric: 'csp_contradictory_candles_total',
    help: 'Minutes stored as the exchange gave them although their numbers contradict each other.',
    of: contradictionsOf,
  },
};

/** The same for numbers that are equal, however many zeros they are written with. */
function numbersOf(candle: MinuteCandle): string {
  const numbers = [
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.volume,
    candle.quoteVolume,
    candle.takerBuyVolume,
    candle.takerBuyQuoteVolume,
  ].map(shortest);
  return [...numbers, String(candle.tradeCount)].join(' ');
}

function shortest(text: string): string {
  const plain = formatDecimal(parseDecimal(text));
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}
