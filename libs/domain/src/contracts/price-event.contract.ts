import { formatEventTime, type PriceEvent } from '../model';
import type { EventKind } from './event-kind';
import {
  amountField,
  eventTimeField,
  parseEventTime,
  parseJsonObject,
  changeField,
  symbolField,
  textField,
} from './fields';

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

/**
 * An event as {@link serializePriceEvent} writes it, with ASCII letters and numbers of ordinary length: what nearly every
 * line is. Each group admits only what the field's own check admits.
 */
const AS_WRITTEN =
  /^\{"timestamp_utc":"([\dT:.+-]{32})","symbol":"([A-Z\d][A-Z\d_.-]{0,39})","lastPrice":"((?:0|[1-9]\d{0,23})(?:\.\d{1,8})?)","priceChangePercent":"(-?(?:0|[1-9]\d{0,23})(?:\.\d{1,8})?)","volume":"((?:0|[1-9]\d{0,23})(?:\.\d{1,8})?)","source":"([\w.:-]{1,200})"\}$/;

type WrittenFields = readonly [string, string, string, string, string, string, string];

/** The event of a line as it is written, in a third of the time that JSON takes; undefined for every other line. */
function readAsWritten(text: string): PriceEvent | undefined {
  const fields = AS_WRITTEN.exec(text) as unknown as WrittenFields | null;
  if (!fields) return undefined;
  const timestamp = parseEventTime(fields[1]);
  if (timestamp === undefined) return undefined;
  return {
    timestamp,
    symbol: fields[2],
    lastPrice: fields[3],
    priceChangePercent: fields[4],
    volume: fields[5],
    source: fields[6],
  };
}

/** Reads one line; unknown extra keys are accepted. @throws ContractViolationError naming field, value and what is allowed. */
export function parsePriceEvent(text: string): PriceEvent {
  return readAsWritten(text) ?? readAsJson(text);
}

function readAsJson(text: string): PriceEvent {
  const object = parseJsonObject(text);
  return {
    timestamp: eventTimeField(object, 'timestamp_utc'),
    symbol: symbolField(object, 'symbol'),
    lastPrice: amountField(object, 'lastPrice'),
    priceChangePercent: changeField(object, 'priceChangePercent'),
    volume: amountField(object, 'volume'),
    source: textField(object, 'source'),
  };
}

/** Polled prices. */
export const PRICE_KIND: EventKind<PriceEvent> = {
  name: 'price',
  topic: 'crypto_prices',
  parse: parsePriceEvent,
  toContract: toPriceEventV1,
  keyOf: ({ symbol, timestamp, source }) => ({ symbol, time: timestamp, source }),
  capturedAt: ({ timestamp }) => timestamp,
};
