import { DAY, HOUR, MINUTE, type EpochMicros } from './time';

/** How long a symbol stays that the exchange does not list as trading any more. */
const STAYS_FOR: EpochMicros = DAY;
/** Answers of an hourly look come a little early or late. */
const AN_HOUR_LATER: EpochMicros = HOUR - MINUTE;

/** What patterns have found so far. */
export interface FollowedSymbols {
  /** Each symbol, and since when the exchange has not listed it as trading; null while it does. */
  readonly found: ReadonlyMap<string, EpochMicros | null>;
  /** When an answer said too little to be believed at once; null where the last one was believed. */
  readonly doubtedAt: EpochMicros | null;
}

export const NOTHING_FOLLOWED: FollowedSymbols = { found: new Map(), doubtedAt: null };

/** What the exchange lists of the symbols that patterns fit. */
export interface FittingSymbols {
  /** All of them, whatever their status. */
  readonly listed: ReadonlySet<string>;
  readonly trading: readonly string[];
}

/**
 * What is followed after an answer: symbols that trade come in at once, and stay until they have not been listed as
 * trading for a day, for an exchange stops all of them for its maintenance. An answer that lists less than half of those
 * found changes nothing until one an hour later says the same.
 */
export function followAnswer(
  { found, doubtedAt }: FollowedSymbols,
  { listed, trading }: FittingSymbols,
  now: EpochMicros,
): FollowedSymbols {
  const listedOfFound = [...found.keys()].filter((symbol) => listed.has(symbol)).length;
  if (listedOfFound * 2 < found.size) {
    const since = doubtedAt ?? now;
    if (now - since < AN_HOUR_LATER) return { found, doubtedAt: since };
  }
  const next = new Map<string, EpochMicros | null>();
  const trades = new Set(trading);
  for (const [symbol, known] of found) {
    const since = trades.has(symbol) ? null : (known ?? now);
    if (since === null || now - since < STAYS_FOR) next.set(symbol, since);
  }
  for (const symbol of trading) if (!next.has(symbol)) next.set(symbol, null);
  return { found: next, doubtedAt: null };
}
