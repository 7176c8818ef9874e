import {
  contradictionsOf,
  formatDecimal,
  formatEventTime,
  formatMillisTime,
  MINUTE,
  parseDecimal,
  type MinuteCandle,
} from '../model';
import { ContractViolationError } from './contract-violation.error';
import type { EventKind } from './event-kind';
import {
  countField,
  amountField,
  eventTimeField,
  marketTimeField,
  parseJsonObject,
  symbolField,
  textField,
} from './fields';

/** Candle, version 1, as it travels and lies in bronze; only closed minutes travel. */
export interface CandleV1 {
  readonly symbol: string;
  readonly interval: string;
  readonly open_time: string;
  readonly close_time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly taker_buy_volume: string;
  readonly taker_buy_quote_volume: string;
  readonly is_closed: boolean;
  readonly source: string;
  readonly captured_at: string;
}

export function toCandleV1(candle: MinuteCandle): CandleV1 {
  return {
    symbol: candle.symbol,
    interval: '1m',
    open_time: formatMillisTime(candle.openTime),
    close_time: formatMillisTime(candle.closeTime),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    quote_volume: candle.quoteVolume,
    trade_count: candle.tradeCount,
    taker_buy_volume: candle.takerBuyVolume,
    taker_buy_quote_volume: candle.takerBuyQuoteVolume,
    is_closed: true,
    source: candle.source,
    captured_at: formatEventTime(candle.capturedAt),
  };
}

/** The candle as one line of JSON without a line break. */
export function serializeCandle(candle: MinuteCandle): string {
  return JSON.stringify(toCandleV1(candle));
}

/** Reads one line; unknown extra keys are accepted. @throws ContractViolationError naming field, value and what is allowed. */
export function parseCandle(text: string): MinuteCandle {
  const object = parseJsonObject(text);
  if (object['interval'] !== '1m') throw new ContractViolationError('interval', object['interval'], '1m');
  if (object['is_closed'] !== true) throw new ContractViolationError('is_closed', object['is_closed'], 'true');
  const openTime = marketTimeField(object, 'open_time');
  const closeTime = marketTimeField(object, 'close_time');
  if (closeTime < openTime || closeTime >= openTime + MINUTE) {
    throw new ContractViolationError('close_time', object['close_time'], 'within a minute from open_time');
  }
  return {
    symbol: symbolField(object, 'symbol'),
    openTime,
    closeTime,
    open: amountField(object, 'open'),
    high: amountField(object, 'high'),
    low: amountField(object, 'low'),
    close: amountField(object, 'close'),
    volume: amountField(object, 'volume'),
    quoteVolume: amountField(object, 'quote_volume'),
    tradeCount: countField(object, 'trade_count'),
    takerBuyVolume: amountField(object, 'taker_buy_volume'),
    takerBuyQuoteVolume: amountField(object, 'taker_buy_quote_volume'),
    source: textField(object, 'source'),
    capturedAt: eventTimeField(object, 'captured_at'),
  };
}

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
