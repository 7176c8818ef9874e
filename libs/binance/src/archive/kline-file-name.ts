import { basename, resolve } from 'node:path';
import {
  ArchiveError,
  DAY,
  MILLISECOND,
  normaliseSymbol,
  parseIsoTime,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';

/** What the name of an archive file says: `BTCUSDT-1m-2020-01-01.zip`, `BTCUSDT-1h-2017-08.csv`. */
export interface KlineFileName {
  readonly symbol: string;
  /** As the archive writes it (`1mo` is a month). */
  readonly interval: string;
  /** The day or month that its rows belong to; undefined where the name gives a longer span, or a day that does not exist. */
  readonly range: TimeRange | undefined;
}

const INTERVAL = String.raw`\d+(?:mo|[smhdwM])`;
const END_OF_WORD = String.raw`(?![\p{L}\p{N}])`;

/** What alone is stored. */
const MINUTES = '1m';

/** People put words before the archive's own name, and browsers a number after it. */
const NAME = new RegExp(
  String.raw`(?:^|[-_. ])(?<symbol>[\p{L}\p{N}]+)[-_](?<interval>${INTERVAL})[-_](?<date>\d{4}-\d{2}(?:-\d{2})?)${END_OF_WORD}(?<rest>.*)$`,
  'u',
);

/** Contracts of both futures markets: `BTCUSD_PERP`, `BTCUSDT_240628-1m-2024-01-01.zip`. */
const CONTRACT = new RegExp(String.raw`(?<mark>_PERP${END_OF_WORD}|_\d{6}(?=[-_]${INTERVAL}${END_OF_WORD}))`, 'iu');
const MARKET_IN_NAME = /(?:^|[-_. ])(?<mark>um|cm|usdⓈ?-?m|coin-?m|futures|perpetual|perp|swap)(?=[-_. ]|$)/iu;
/** Folders of the archive that hold other markets, or prices that nobody traded at. */
const FOLDERS = /\/(?<mark>futures\/(?:um|cm)|option|markPriceKlines|indexPriceKlines|premiumIndexKlines)\//;

/** Undefined for a name that is not the archive's. */
export function parseKlineFileName(path: string): KlineFileName | undefined {
  const groups = NAME.exec(lastPart(path))?.groups;
  if (!groups) return undefined;
  const { symbol = '', interval = '', date = '', rest = '' } = groups;
  const isDay = date.length === 'YYYY-MM-DD'.length;
  const start = parseIsoTime(isDay ? date : `${date}-01`);
  const isSpan = start === undefined || /^[-_]/.test(rest);
  const range = isSpan ? undefined : { start, end: isDay ? start + DAY : nextMonth(start) };
  return { symbol: normaliseSymbol(symbol), interval, range };
}

/** What in the name or the folders of a file says that its rows are not of the spot market; undefined where nothing does. */
export function otherMarketIn(path: string): string | undefined {
  const name = lastPart(path);
  const folders = resolve(path).replaceAll('\\', '/');
  return (CONTRACT.exec(name) ?? MARKET_IN_NAME.exec(name) ?? FOLDERS.exec(folders))?.groups?.['mark'];
}

/** What the names of a file say together. */
export interface AgreedName {
  /** Undefined where none of them says it. */
  readonly symbol: string | undefined;
  readonly range: TimeRange | undefined;
}

/**
 * Holds the name of a file, the name inside it, where it is packed under one, and the symbol that was asked for against
 * each other: a file that was renamed would bring one symbol's rows under another. Only minutes are stored.
 *
 * @throws ArchiveError naming what contradicts what
 */
export function agreeOnName(path: string, inside: string | undefined, asked: string | undefined): AgreedName {
  const name = basename(path);
  const outer = parseKlineFileName(path);
  const inner = inside === undefined ? undefined : parseKlineFileName(inside);
  if (outer && inner && !isSameName(outer, inner)) {
    throw new ArchiveError('unsupported', `${name} holds ${lastPart(inside ?? '')}: the two names do not agree`);
  }
  const said = outer ?? inner;
  if (said && said.interval !== MINUTES) {
    throw new ArchiveError('unsupported', `${name} holds ${said.interval} candles; only ${MINUTES} can be read`);
  }
  if (said && asked !== undefined && said.symbol !== asked) {
    const holder = outer ? name : `${name}, which holds ${lastPart(inside ?? '')},`;
    throw new ArchiveError('unsupported', `${holder} is a file of ${said.symbol}, not of ${asked}`);
  }
  return { symbol: said?.symbol ?? asked, range: outer?.range ?? inner?.range };
}

function isSameName(one: KlineFileName, other: KlineFileName): boolean {
  if (one.symbol !== other.symbol || one.interval !== other.interval) return false;
  if (!one.range || !other.range) return true;
  return one.range.start === other.range.start && one.range.end === other.range.end;
}

/** Zips made on Windows may part folders by a backslash. */
function lastPart(path: string): string {
  return basename(path.replaceAll('\\', '/'));
}

function nextMonth(start: EpochMicros): EpochMicros {
  const date = new Date(start / MILLISECOND);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * MILLISECOND;
}
