import { formatEventTime, type PriceEvent } from '../model';
import { decimalField, eventTimeField, parseJsonObject, signedDecimalField, symbolField, textField } from './fields';

/**
 * Price event, version 1, as it travels and lies in bronze: exactly six keys in this order, the exchange's own number
 * texts untouched, the capture time in UTC with six fraction digits and `+00:00`.
 */
export interface PriceEventV1 {
  readonly timestamp_utc: string;
  readonly symbol: string;
  readonly lastPrice: string;
  readonly priceChangePercent: string;
  readonly volume: string;
  readonly source: string;
}

export function toPriceEventV1(event: PriceEvent): PriceEventV1 {
  return {
    timestamp_utc: formatEventTime(event.timestamp),
    symbol: event.symbol,
    lastPrice: event.lastPrice,
    priceChangePercent: event.priceChangePercent,
    volume: event.volume,
    source: event.source,
  };
}

/** The event as one line of JSON without a line break. */
export function serializePriceEvent(event: PriceEvent): string {
  return JSON.stringify(toPriceEventV1(event));
}

/** Reads one line; unknown extra keys are accepted. @throws ContractViolationError naming field, value and what is allowed. */
export function parsePriceEvent(text: string): PriceEvent {
  const object = parseJsonObject(text);
  return {
    timestamp: eventTimeField(object, 'timestamp_utc'),
    symbol: symbolField(object, 'symbol'),
    lastPrice: decimalField(object, 'lastPrice'),
    priceChangePercent: signedDecimalField(object, 'priceChangePercent'),
    volume: decimalField(object, 'volume'),
    source: textField(object, 'source'),
  };
}
