import { DAY, LONGEST_PAUSE, MILLISECOND, SECOND, type EpochMicros } from '@app/domain';
import type { HttpAnswer } from './http-get';

/** A refusal that concerns every request of the process until it ends. */
export type BlockFailure = 'rate_limited' | 'banned' | 'forbidden';

/** A refusal of one request; {@link Verdict}. */
export type RefusalFailure = 'not_found' | 'unknown_symbol' | 'rejected';

/** What the status line, headers and body of an answer mean for the client. */
export type Verdict =
  | { readonly kind: 'ok' }
  /** Stop everything until the market time given, or for as long as the client thinks fit. */
  | {
      readonly kind: 'blocked';
      readonly failure: BlockFailure;
      readonly until: EpochMicros | undefined;
      readonly detail: string;
    }
  /** The firewall refuses this question, and perhaps the address as a whole: it does not say which, nor for how long. */
  | { readonly kind: 'firewall'; readonly detail: string }
  /** This host refuses the region: ask another. */
  | { readonly kind: 'geo_blocked'; readonly detail: string }
  /** The host is in trouble: asking again may help, though not before `retryAt`. */
  | { readonly kind: 'transient'; readonly retryAt: EpochMicros | undefined; readonly detail: string }
  /** Asking again at once brings the same. */
  | {
      readonly kind: 'refused';
      readonly failure: RefusalFailure;
      readonly retryAt: EpochMicros | undefined;
      readonly detail: string;
    };

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
  const named = namedEnd(headers, body.detail, receivedAt);
  switch (status) {
    case 429:
      return block('rate_limited');
    case 418:
      return block('banned');
    case 403:
      return named === undefined ? { kind: 'firewall', detail } : block('forbidden');
    // The firewall's challenge for browsers: accepted, and never answered.
    case 202:
      return { kind: 'firewall', detail };
    case 451:
      return { kind: 'geo_blocked', detail };
  }
  // One question's refusal holds up that question alone, and never for long.
  const retryAt = named === undefined ? undefined : Math.min(named, receivedAt + LONGEST_PAUSE);
  if (status === 404) return { kind: 'refused', failure: 'not_found', retryAt, detail };
  if (status >= 400 && status < 500) {
    return { kind: 'refused', failure: isUnknownSymbol(body) ? 'unknown_symbol' : 'rejected', retryAt, detail };
  }
  return { kind: 'transient', retryAt, detail };

  function block(failure: BlockFailure): Verdict {
    const until = named === undefined ? undefined : Math.min(named, receivedAt + LONGEST_BLOCK);
    return { kind: 'blocked', failure, until, detail };
  }
}

/** The market time before which the sender does not want to be asked again; undefined where it names none. */
export function retryAtOf(verdict: Verdict): EpochMicros | undefined {
  switch (verdict.kind) {
    case 'blocked':
      return verdict.until;
    case 'refused':
    case 'transient':
      return verdict.retryAt;
    case 'ok':
    case 'firewall':
    case 'geo_blocked':
      return undefined;
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

/** The time that the exchange names: `Retry-After` (seconds or a date), else the epoch milliseconds in the message. */
function namedEnd(headers: Headers, message: string, receivedAt: EpochMicros): EpochMicros | undefined {
  const retryAfter = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(retryAfter) && Number(retryAfter) > 0) return receivedAt + Number(retryAfter) * SECOND;
  const date = /[a-z]/i.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  const banned = /until (\d{13})\b/.exec(message)?.[1];
  const end = (Number.isNaN(date) ? Number(banned ?? 'NaN') : date) * MILLISECOND;
  return end > receivedAt ? end : undefined;
}
