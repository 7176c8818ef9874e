import type { PriceEvent } from '../model';
import type { EventKind } from './event-kind';
import { parsePriceEvent, toPriceEventV1 } from './price-event.contract';

/** Polled prices. */
export const PRICE_KIND: EventKind<PriceEvent> = {
  name: 'price',
  topic: 'crypto_prices',
  parse: parsePriceEvent,
  toContract: toPriceEventV1,
  keyOf: ({ symbol, timestamp, source }) => ({ symbol, time: timestamp, source }),
  capturedAt: ({ timestamp }) => timestamp,
};
