import { positionToText, type FeedPosition } from '@app/domain';

/** What a stream sends events of. */
export type StreamChannel = 'prices' | 'candles';

export type StreamEventName = 'price' | 'candle' | 'history' | 'gap';

/** One event of a stream, as it goes over the wire. */
export interface StreamEvent {
  readonly symbol: string;
  /** Where a reader goes on that has this event. */
  readonly id: string;
  readonly text: string;
  /** Where in the text the path of an address begins, if it holds one. */
  readonly addressAt?: number;
}

/** The text for a reader who comes through a proxy that takes `prefix` off every path. */
export function textUnder({ text, addressAt }: StreamEvent, prefix: string): string {
  return addressAt === undefined ? text : text.slice(0, addressAt) + prefix + text.slice(addressAt);
}

/** The fields of an event in the form of `text/event-stream`; JSON has no line breaks. */
export function eventText(name: StreamEventName, position: FeedPosition, data: object): { id: string; text: string } {
  const id = positionToText(position);
  return { id, text: `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n` };
}
