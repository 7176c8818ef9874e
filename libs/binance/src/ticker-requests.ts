import {
  ExchangeError,
  GrowingPause,
  isExchangeWide,
  isSymbol,
  MINUTE,
  type Clock,
  type ExchangeAnswer,
  type LeftOutTicker,
  type RefusedSymbol,
  type TickerAnswer,
  type TickerRow,
} from '@app/domain';
import type { BinanceRestClient, TickerRequestOptions } from './binance-rest.client';
import type { DroppedRow, MappedRows } from './mappers/dropped-rows';
import { mapTickers } from './mappers/ticker.mapper';
import { planTickerRequests } from './ticker-plan';

/** Lists of one poll that are on their way at the same time. */
const CONCURRENT_LISTS = 4;
/** A part of a refused list is asked for once: the list as a whole has been tried again before. */
const ATTEMPTS_OF_PART = 1;

const NOT_A_SYMBOL = new ExchangeError('unknown_symbol', 'ticker_24hr: not a symbol');
const NO_ROW = new ExchangeError('malformed', 'ticker_24hr: no row of the answer was accepted');
const NOT_LISTED = new ExchangeError('unknown_symbol', 'ticker_24hr: not among all tickers');

/** One list and what it was answered with. */
type Part =
  | {
      readonly symbols: readonly string[];
      readonly answer: ExchangeAnswer<readonly TickerRow[]>;
      /** Those whose row in it was not accepted, or is not there. */
      readonly leftOut: readonly LeftOutTicker[];
      /** Those that the answer proves unknown. */
      readonly unknown: readonly string[];
    }
  | { readonly symbols: readonly string[]; readonly error: ExchangeError };
type AnsweredPart = Extract<Part, { readonly answer: unknown }>;
type RefusedPart = Extract<Part, { readonly error: ExchangeError }>;

/**
 * Asks for the tickers of many symbols in lists. Whatever a list is refused for, one symbol in it may be the reason: its
 * halves are asked for, and theirs, until those that are refused stand alone.
 */
export class TickerRequests {
  /** Where nothing was answered, in whole or in parts, lists are not taken apart again for a while. */
  private readonly vainSplits: GrowingPause;
  private firstToSplit = 0;

  constructor(
    private readonly client: BinanceRestClient,
    clock: Clock,
    private readonly reportDropped: (rows: readonly DroppedRow[]) => void,
  ) {
    this.vainSplits = new GrowingPause(clock, MINUTE);
  }

  /** @throws ExchangeError when no symbol was answered */
  async ask(symbols: readonly string[], signal?: AbortSignal): Promise<ExchangeAnswer<TickerAnswer>> {
    const wanted = [...new Set(symbols)];
    const askable = wanted.filter(isSymbol);
    const notSymbols = wanted.filter((symbol) => !isSymbol(symbol));
    if (askable.length === 0) throw NOT_A_SYMBOL;
    const plan = planTickerRequests(askable);
    const parts =
      plan === 'all' ? [await this.request(askable, undefined, { signal })] : await this.lists(plan, signal);
    const answered = parts.filter((part): part is AnsweredPart => 'answer' in part);
    const refused = parts.filter((part): part is RefusedPart => 'error' in part);
    const [first] = answered;
    if (first === undefined) throw firstError(refused);
    return {
      origin: sameOrigin(answered),
      receivedAt: Math.max(...answered.map(({ answer }) => answer.receivedAt)),
      data: {
        rows: answered.flatMap(({ answer }) => answer.data),
        leftOut: answered.flatMap(({ leftOut }) => leftOut.map(({ symbol, detail }) => ({ symbol, detail }))),
        refused: [
          ...notSymbols.map((symbol) => refusedSymbol(symbol, NOT_A_SYMBOL)),
          ...answered.flatMap(({ unknown }) => unknown.map((symbol) => refusedSymbol(symbol, NOT_LISTED))),
          ...refused.flatMap(({ symbols: ofPart, error }) => ofPart.map((symbol) => refusedSymbol(symbol, error))),
        ],
      },
    };
  }

  private async lists(lists: readonly (readonly string[])[], signal: AbortSignal | undefined): Promise<Part[]> {
    const asked = await this.askLists(lists, signal);
    const refused = asked.filter((part): part is RefusedPart => 'error' in part && canBeSplit(part));
    const others = asked.filter((part) => !refused.includes(part as RefusedPart));
    if (refused.length === 0) return asked;
    if (isAnswered(others)) {
      for (const part of refused) others.push(...(await this.split(part, signal)));
      return others;
    }
    return [...others, ...(await this.splitInDoubt(refused, signal))];
  }

  /** Asks for the lists, a few at a time. Once the exchange wants silence, or answers none of them, no more. */
  private async askLists(lists: readonly (readonly string[])[], signal: AbortSignal | undefined): Promise<Part[]> {
    const parts = new Map<number, Part>();
    let away: ExchangeError | undefined;
    let unreachable = 0;
    const queue = lists.entries();
    const worker = async (): Promise<void> => {
      for (const [index, symbols] of queue) {
        const part = away ? { symbols, error: away } : await this.list(symbols, signal);
        parts.set(index, part);
        unreachable = 'error' in part && part.error.failure === 'unreachable' ? unreachable + 1 : 0;
        if ('error' in part && (unreachable >= CONCURRENT_LISTS || wantsSilence(part.error))) away = part.error;
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT_LISTS, lists.length) }, worker));
    return lists.map((_, index) => parts.get(index) as Part);
  }

  /** No list was answered: it may be one symbol in each, or the route. One list is taken apart, another the next time. */
  private async splitInDoubt(refused: readonly RefusedPart[], signal: AbortSignal | undefined): Promise<Part[]> {
    if (!this.vainSplits.isOver) return [...refused];
    const parts: Part[] = [];
    const start = this.firstToSplit % refused.length;
    for (const part of [...refused.slice(start), ...refused.slice(0, start)]) {
      // Another list is taken apart only when that has brought something.
      parts.push(...(parts.length === 0 || isAnswered(parts) ? await this.split(part, signal) : [part]));
    }
    if (isAnswered(parts)) {
      this.vainSplits.succeeded();
    } else {
      this.vainSplits.failed();
      this.firstToSplit += 1;
    }
    return parts;
  }

  /** The halves of a refused list, and theirs, down to single symbols. */
  private async split({ symbols }: RefusedPart, signal: AbortSignal | undefined): Promise<Part[]> {
    const middle = Math.ceil(symbols.length / 2);
    const halves: Part[] = [];
    for (const half of [symbols.slice(0, middle), symbols.slice(middle)]) {
      halves.push(await this.list(half, signal, ATTEMPTS_OF_PART));
    }
    // Time-outs add up: where both halves cannot be reached, it is not one symbol.
    if (halves.every((half) => 'error' in half && half.error.failure === 'unreachable')) return halves;
    const parts: Part[] = [];
    for (const half of halves) {
      if ('error' in half && canBeSplit(half)) parts.push(...(await this.split(half, signal)));
      else parts.push(half);
    }
    return parts;
  }

  private list(symbols: readonly string[], signal: AbortSignal | undefined, attempts?: number): Promise<Part> {
    return this.request(symbols, symbols, attempts === undefined ? { signal } : { signal, attempts });
  }

  /**
   * @param list what the request names; undefined for every ticker of the exchange
   * @throws the signal's reason
   */
  private async request(
    symbols: readonly string[],
    list: readonly string[] | undefined,
    options: TickerRequestOptions,
  ): Promise<Part> {
    const asked = new Set(symbols);
    try {
      const { data, ...answer } = await this.client.ticker24hr(list, (body) => mapTickers(body, asked), options);
      if (list && list.length > 1 && data.rows.length === 0) return { symbols, error: NO_ROW };
      const { absent, leftOut, unknown } = withoutRow(symbols, data, list === undefined);
      this.reportDropped([...data.dropped, ...absent]);
      return { symbols, answer: { ...answer, data: data.rows }, leftOut: [...leftOut, ...absent], unknown };
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      return { symbols, error };
    }
  }
}

type AbsentRow = DroppedRow & LeftOutTicker;

/**
 * The symbols that an answer brought no row of.
 *
 * @param isEverything whether it holds every symbol that the exchange knows
 */
function withoutRow(
  symbols: readonly string[],
  { rows, dropped }: MappedRows<TickerRow>,
  isEverything: boolean,
): { absent: AbsentRow[]; leftOut: LeftOutTicker[]; unknown: string[] } {
  const found = new Set(rows.map(({ symbol }) => symbol));
  const details = new Map(dropped.map(({ symbol, detail }) => [symbol, detail]));
  const without = symbols.filter((symbol) => !found.has(symbol));
  const unnamed = without.filter((symbol) => !details.has(symbol));
  return {
    leftOut: without.flatMap((symbol) => {
      const detail = details.get(symbol);
      return detail === undefined ? [] : [{ symbol, detail }];
    }),
    absent: isEverything
      ? []
      : unnamed.map((symbol) => ({ reason: 'absent', symbol, detail: `the answer has no ticker of ${symbol}` })),
    unknown: isEverything ? unnamed : [],
  };
}

function canBeSplit({ symbols, error }: RefusedPart): boolean {
  return symbols.length > 1 && !wantsSilence(error);
}

/** Whether asking for anything else is in vain too. A connection that breaks may break over one word of a request. */
function wantsSilence(error: ExchangeError): boolean {
  return isExchangeWide(error) && error.failure !== 'unreachable';
}

function isAnswered(parts: readonly Part[]): boolean {
  return parts.some((part) => 'answer' in part);
}

function firstError([first]: readonly RefusedPart[]): ExchangeError {
  return first?.error ?? new ExchangeError('unreachable', 'no ticker was asked for');
}

function refusedSymbol(symbol: string, { failure, message: reason, retryAt }: ExchangeError): RefusedSymbol {
  return { symbol, failure, reason, retryAt };
}

/** @throws ExchangeError when the parts of one poll came from different origins */
function sameOrigin(parts: readonly AnsweredPart[]): string {
  const origins = new Set(parts.map(({ answer }) => answer.origin));
  const [origin = ''] = origins;
  if (origins.size === 1) return origin;
  throw new ExchangeError('unreachable', `answers of one poll came from different origins: ${[...origins].join(', ')}`);
}
