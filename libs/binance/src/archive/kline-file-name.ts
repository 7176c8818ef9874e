import { basename, resolve } from 'node:path';
import {
  ArchiveError,
  DAY,
  isSymbol,
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
  String.raw`^(?<words>.*?)[-_](?<interval>${INTERVAL})[-_](?<date>\d{4}-\d{2}(?:-\d{2})?)${END_OF_WORD}(?<rest>.*)$`,
  'u',
);
/** Where in what stands before the interval a symbol may begin: the signs between words may be part of it. */
const WORD_STARTS = /(?<=^|[-_. ])/gu;

/** Contracts of both futures markets: `BTCUSD_PERP`, `BTCUSDT_240628-1m-2024-01-01.zip`. */
const CONTRACT = new RegExp(String.raw`(?<mark>_PERP${END_OF_WORD}|_\d{6}(?=[-_]${INTERVAL}${END_OF_WORD}))`, 'iu');
const MARKET_IN_NAME = /(?:^|[-_. ])(?<mark>um|cm|usdⓈ?-?m|coin-?m|futures|perpetual|perp|swap)(?=[-_. ]|$)/iu;
/** Folders of the archive that hold other markets, or prices that nobody traded at. */
const FOLDERS = /\/(?<mark>futures\/(?:um|cm)|option|markPriceKlines|indexPriceKlines|premiumIndexKlines)\//;

/** What a name says, with every symbol that it may mean, the longest first. */
interface NameParts extends KlineFileName {
  readonly candidates: readonly string[];
  /** Whether the name alone does not say which of them is meant. */
  readonly isAmbiguous: boolean;
}

/** Undefined for a name that is not the archive's. */
export function parseKlineFileName(path: string): KlineFileName | undefined {
  const parts = readName(path);
  return parts && { symbol: parts.symbol, interval: parts.interval, range: parts.range };
}

function readName(path: string): NameParts | undefined {
  const groups = NAME.exec(lastPart(path))?.groups;
  if (!groups) return undefined;
  const { words = '', interval = '', date = '', rest = '' } = groups;
  const written = [...words.matchAll(WORD_STARTS)].map(({ index }) => words.slice(index)).filter(isSymbol);
  // The exchange writes no lower-case letters: words that have some are people's.
  const asTheExchange = written.filter((symbol) => !/\p{Ll}/u.test(symbol));
  const symbol = asTheExchange[0] ?? written.at(-1);
  if (symbol === undefined) return undefined;
  const isDay = date.length === 'YYYY-MM-DD'.length;
  const start = parseIsoTime(isDay ? date : `${date}-01`);
  const isSpan = start === undefined || /^[-_]/.test(rest);
  const range = isSpan ? undefined : { start, end: isDay ? start + DAY : nextMonth(start) };
  const candidates = written.map(normaliseSymbol);
  return { symbol: normaliseSymbol(symbol), interval, range, candidates, isAmbiguous: asTheExchange.length > 1 };
}

/** What in the name or the folders of a file says that its rows are not of the spot market; undefined where nothing does. */
export function otherMarketIn(path: string): string | undefined {
  const name = lastPart(path);
  const folders = resolve(path).replaceAll('\\', '/');
  return (CONTRACT.exec(name) ?? MARKET_IN_NAME.exec(name) ?? FOLDERS.exec(folders))?.groups?.['mark'];
}

/** What the names of a file say together. */
export interface AgreedName {
  /** Undefined where none of them says it, or the only one does not say which of several. */
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
  const [outer, inner] = inOneSense(readName(path), inside === undefined ? undefined : readName(inside), asked);
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
  // The name inside is the archive's own, in which no words stand before the symbol.
  const isUnclear = inner === undefined && outer?.isAmbiguous === true;
  return { symbol: asked ?? (isUnclear ? undefined : said?.symbol), range: outer?.range ?? inner?.range };
}

/** Both names with the symbol that all of what is known can mean, where there is one. */
function inOneSense(
  outer: NameParts | undefined,
  inner: NameParts | undefined,
  asked: string | undefined,
): readonly (NameParts | undefined)[] {
  const names = [outer, inner].filter((name) => name !== undefined);
  const senses = asked === undefined ? names[0]?.candidates : [asked];
  const common = senses?.find((symbol) => names.every(({ candidates }) => candidates.includes(symbol)));
  const isSettled = common !== undefined && (asked !== undefined || names.length > 1);
  return isSettled ? [outer && { ...outer, symbol: common }, inner && { ...inner, symbol: common }] : [outer, inner];
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
