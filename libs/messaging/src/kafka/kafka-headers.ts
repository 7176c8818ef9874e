import { BINANCE_ORIGIN } from '@app/domain';

/** Message header that carries the origin of an event, as UTF-8. */
export const ORIGIN_HEADER = 'origin';

/** A header as kafkajs brings it; a name that is there twice is an array. */
type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;

type Headers = Readonly<Record<string, HeaderValue>> | undefined;

/** The origin that the headers of a message name; an absent or empty one is the exchange's. */
export function originOf(headers: Headers): string {
  const value = headers?.[ORIGIN_HEADER];
  const last = Array.isArray(value) ? value.at(-1) : value;
  const text = typeof last === 'string' ? last : (last?.toString('utf8') ?? '');
  return text === '' ? BINANCE_ORIGIN : text;
}

/** {@link originOf} for many messages: those of a topic nearly all name the same, which is read from its bytes once. */
export class OriginReader {
  private bytes: Buffer | undefined;
  private origin = BINANCE_ORIGIN;

  of(headers: Headers): string {
    const value = headers?.[ORIGIN_HEADER];
    if (!(value instanceof Buffer)) return originOf(headers);
    if (this.bytes === undefined || !sameBytes(value, this.bytes)) {
      this.origin = originOf(headers);
      this.bytes = value;
    }
    return this.origin;
  }
}

/** As `equals`, which is a call out of JavaScript: longer than a look at the few bytes of an origin. */
function sameBytes(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
