/** What an event is about; each kind has one topic, one bronze stream and one silver table. */
export const EVENT_KINDS = ['price', 'candle'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Topic of each kind. The price topic can be renamed (`TOPIC_NAME`); the others are fixed. */
export type TopicNames = Readonly<Record<EventKind, string>>;

export const CANDLES_TOPIC = 'crypto_candles';

export function topicNames(pricesTopic: string): TopicNames {
  return { price: pricesTopic, candle: CANDLES_TOPIC };
}
