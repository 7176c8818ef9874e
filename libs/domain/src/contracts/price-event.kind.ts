import type { PriceEvent } from '../model';
import type { EventKind } from './event-kind';
import { parsePriceEvent, serializePriceEvent } from './price-event.contract';

/** Polled prices. */
export const PRICE_KIND: EventKind<PriceEvent> = {
  name: 'price',
  topic: 'crypto_prices',
  parse: parsePriceEvent,
  serialize: serializePriceEvent,
  keyOf: ({ symbol, timestamp, source }) => ({ symbol, time: timestamp, source }),
  capturedAt: ({ timestamp }) => timestamp,
};
