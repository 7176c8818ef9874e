/** Message header that carries the origin of an event, as UTF-8. */
export const ORIGIN_HEADER = 'origin';

/** What a message without the header comes from. */
export const DEFAULT_ORIGIN = 'binance';

/** A header as kafkajs brings it; a name that is there twice is an array. */
type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;

/** The origin that the headers of a message name; an absent or empty one is {@link DEFAULT_ORIGIN}. */
export function originOf(headers: Readonly<Record<string, HeaderValue>> | undefined): string {
  const value = headers?.[ORIGIN_HEADER];
  const last = Array.isArray(value) ? value.at(-1) : value;
  const text = typeof last === 'string' ? last : (last?.toString('utf8') ?? '');
  return text === '' ? DEFAULT_ORIGIN : text;
}
