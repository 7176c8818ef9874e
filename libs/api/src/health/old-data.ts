import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, healthReason, StoreNotReadyError, TRADING, UNKNOWN_STATUS } from '@app/domain';
import { ServedSymbols } from '../symbols/served-symbols';
import { SymbolFreshnessReader, type SymbolFreshness } from './symbol-freshness';

/** Polls that may be missed before the prices of a symbol count as old. */
const POLLS_MISSED = 3;
const LEAST_PRICE_AGE_SECONDS = 90;

/** Machines ask for `/readyz` as often as they like: the store is looked at no oftener than this, real time. */
const LOOK_COUNTS_FOR_MS = 5_000;
/** Symbols of a whole market would make a line that nobody reads; `symbols` of `/health` has all of them. */
const MOST_NAMED = 5;
/** Up to so many symbols with the same reason have a line each in `/health`. */
const MOST_LISTED = 10;

const KINDS = ['no price', 'old price', 'no minute'] as const;
type Kind = (typeof KINDS)[number];

/** Each kind in words, of one symbol and of many; ages in seconds. */
const WORDS: Readonly<
  Record<
    Kind,
    {
      readonly one: (symbol: string, age: number) => string;
      readonly many: (count: number, names: string, allowedAge: number) => string;
    }
  >
> = {
  'no price': {
    one: (symbol) => healthReason`${symbol}: no price yet`,
    many: (count, names) => healthReason`${count} symbols: no price yet (${names})`,
  },
  'old price': {
    one: (symbol, age) => healthReason`${symbol}: last price ${age} s ago`,
    many: (count, names, allowedAge) =>
      healthReason`${count} symbols: last price more than ${allowedAge} s ago (${names})`,
  },
  'no minute': {
    one: (symbol) => healthReason`${symbol}: no minute in the last 10`,
    many: (count, names) => healthReason`${count} symbols: no minute in the last 10 (${names})`,
  },
};

interface StaleReason {
  readonly kind: Kind;
  readonly symbol: string;
  readonly text: string;
}

/** Which data are older than they should be, in words. */
@Injectable()
export class OldData {
  private last: { readonly at: number; readonly line: Promise<string> } | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly served: ServedSymbols,
    private readonly freshness: SymbolFreshnessReader,
    private readonly clock: Clock,
  ) {}

  /** What is old of the symbols that trade, in words; many symbols with the same reason in one line. */
  reasons(symbols: readonly SymbolFreshness[]): string[] {
    const found = this.find(symbols);
    const groups = KINDS.map((kind) => ({ kind, symbols: namesOf(found, kind) }));
    const large = groups.filter((group) => group.symbols.length > MOST_LISTED);
    const alone = found.filter(({ kind }) => !large.some((group) => group.kind === kind));
    return [...alone.map(({ text }) => text), ...large.map((group) => this.textOf(group.kind, group.symbols))];
  }

  /**
   * The first of them in one line, as it was a few seconds ago at most; empty for none, and while the store
   * is not ready. @throws as reading does
   */
  async line(): Promise<string> {
    const now = performance.now();
    if (!this.last || now - this.last.at >= LOOK_COUNTS_FOR_MS) this.last = { at: now, line: this.look() };
    try {
      return await this.last.line;
    } catch (error) {
      this.last = undefined;
      // The check of the store says what is the matter.
      if (error instanceof StoreNotReadyError) return '';
      throw error;
    }
  }

  private async look(): Promise<string> {
    const found = this.find(await this.freshness.read(await this.served.all(), this.clock.now()));
    const texts = found.slice(0, MOST_NAMED).map(({ text }) => text);
    const more = found.length - texts.length;
    return [...texts, ...(more > 0 ? [`${more} more in /health`] : [])].join('; ');
  }

  /** One that the exchange has stopped has nothing new to give. */
  private find(symbols: readonly SymbolFreshness[]): StaleReason[] {
    const { capture } = this.config.ingest;
    const [tickers, candles] = [capture.includes('tickers'), capture.includes('candles')];
    const traded = symbols.filter(({ exchange_status: status }) => status === TRADING || status === UNKNOWN_STATUS);
    return traded.flatMap(({ symbol, last_event_age_seconds, last_minute: minute }) => {
      const age = last_event_age_seconds ?? Infinity;
      const kinds: Kind[] = [];
      if (tickers && age === Infinity) kinds.push('no price');
      else if (tickers && age > this.allowedAge) kinds.push('old price');
      if (candles && minute === null) kinds.push('no minute');
      return kinds.map((kind) => ({ kind, symbol, text: WORDS[kind].one(symbol, age) }));
    });
  }

  private textOf(kind: Kind, symbols: readonly string[]): string {
    const count = symbols.length;
    const names = `${symbols.slice(0, MOST_NAMED).join(', ')} and ${count - MOST_NAMED} more`;
    return WORDS[kind].many(count, names, this.allowedAge);
  }

  /** In seconds. */
  private get allowedAge(): number {
    return Math.max(LEAST_PRICE_AGE_SECONDS, POLLS_MISSED * this.config.ingest.pollIntervalSeconds);
  }
}

function namesOf(found: readonly StaleReason[], kind: Kind): string[] {
  return found.filter((reason) => reason.kind === kind).map(({ symbol }) => symbol);
}
