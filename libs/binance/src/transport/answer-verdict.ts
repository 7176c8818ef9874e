import { DAY, MILLISECOND, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import type { HttpAnswer } from './http-get';

/** A refusal that concerns every request of the process until it ends. */
export type BlockFailure = 'rate_limited' | 'banned' | 'forbidden';

/** A refusal of one request; {@link Verdict}. */
export type RefusalFailure = 'not_found' | 'unknown_symbol' | 'rejected';

/** What the status line, headers and body of an answer mean for the client. */
export type Verdict =
  | { readonly kind: 'ok' }
  /** Stop everything until the market time given. */
  | { readonly kind: 'blocked'; readonly failure: BlockFailure; readonly until: EpochMicros; readonly detail: string }
  /** This host refuses the region for good: ask another. */
  | { readonly kind: 'geo_blocked'; readonly detail: string }
  /** The host is in trouble: asking again may help. */
  | { readonly kind: 'transient'; readonly detail: string }
  /** Asking again brings the same. */
  | { readonly kind: 'refused'; readonly failure: RefusalFailure; readonly detail: string };

const RATE_LIMIT_DEFAULT = 60 * SECOND;
/** The exchange's shortest ban. */
const BAN_DEFAULT = 2 * MINUTE;
/** The firewall's ban is normally five minutes. */
const FORBIDDEN_MINIMUM = 5 * MINUTE;
/** The exchange's longest ban is three days; anything beyond this is a mistake of the sender. */
const LONGEST_BLOCK = 7 * DAY;

const INVALID_SYMBOL = -1121;
const ILLEGAL_CHARACTERS = -1100;

/**
 * Reads an answer as BINANCE.md's table of status codes does.
 *
 * @param receivedAt market time at which it arrived: Retry-After counts from here
 */
export function judgeAnswer(answer: Pick<HttpAnswer, 'status' | 'headers' | 'text'>, receivedAt: EpochMicros): Verdict {
  const { status, headers } = answer;
  if (status === 200) return { kind: 'ok' };
  const body = readErrorBody(answer.text);
  const detail = `HTTP ${status}${body.detail === '' ? '' : `: ${body.detail}`}`;
  switch (status) {
    case 429:
      return block('rate_limited', blockEnd(headers, body.detail, receivedAt) ?? receivedAt + RATE_LIMIT_DEFAULT);
    case 418:
      return block('banned', blockEnd(headers, body.detail, receivedAt) ?? receivedAt + BAN_DEFAULT);
    case 403:
      return block(
        'forbidden',
        Math.max(receivedAt + FORBIDDEN_MINIMUM, blockEnd(headers, body.detail, receivedAt) ?? 0),
      );
    case 451:
      return { kind: 'geo_blocked', detail };
    case 404:
      return { kind: 'refused', failure: 'not_found', detail };
  }
  if (status >= 400 && status < 500) {
    return { kind: 'refused', failure: isUnknownSymbol(body) ? 'unknown_symbol' : 'rejected', detail };
  }
  return { kind: 'transient', detail };

  function block(failure: BlockFailure, until: EpochMicros): Verdict {
    return { kind: 'blocked', failure, until: Math.min(until, receivedAt + LONGEST_BLOCK), detail };
  }
}

interface ErrorBody {
  readonly code: number | undefined;
  /** One readable line, at most 200 characters. */
  readonly detail: string;
}

function readErrorBody(text: string): ErrorBody {
  try {
    const { code, msg } = (JSON.parse(text) ?? {}) as { code?: unknown; msg?: unknown };
    if (typeof code === 'number' && typeof msg === 'string') return { code, detail: oneLine(`${code} ${msg}`) };
  } catch {
    // A page of the firewall or of a proxy: its title says what it is.
    const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
    if (title !== undefined) return { code: undefined, detail: oneLine(title) };
  }
  return { code: undefined, detail: oneLine(text) };
}

function oneLine(text: string): string {
  return text
    .slice(0, 400)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

/** -1121, and -1100 about the parameter that names symbols: a venue that does not take such characters has no such symbol. */
function isUnknownSymbol({ code, detail }: ErrorBody): boolean {
  return code === INVALID_SYMBOL || (code === ILLEGAL_CHARACTERS && /'symbols?'/.test(detail));
}

/** End of a block: `Retry-After` (seconds or a date), else the epoch milliseconds in the message. */
function blockEnd(headers: Headers, message: string, receivedAt: EpochMicros): EpochMicros | undefined {
  const retryAfter = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(retryAfter) && Number(retryAfter) > 0) return receivedAt + Number(retryAfter) * SECOND;
  const date = /[a-z]/i.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  const banned = /until (\d{13})\b/.exec(message)?.[1];
  const end = (Number.isNaN(date) ? Number(banned ?? 'NaN') : date) * MILLISECOND;
  return end > receivedAt ? end : undefined;
}
