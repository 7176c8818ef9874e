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

interface OldDatum {
  readonly kind: (typeof KINDS)[number];
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
  private find(symbols: readonly SymbolFreshness[]): OldDatum[] {
    const { capture } = this.config.ingest;
    const traded = symbols.filter(({ exchange_status: status }) => status === TRADING || status === UNKNOWN_STATUS);
    return traded.flatMap(({ symbol, last_event_age_seconds: age, last_minute: minute }): OldDatum[] => [
      ...(capture.includes('tickers') && age === null
        ? [{ kind: 'no price' as const, symbol, text: healthReason`${symbol}: no price yet` }]
        : []),
      ...(capture.includes('tickers') && age !== null && age > this.allowedAge
        ? [{ kind: 'old price' as const, symbol, text: healthReason`${symbol}: last price ${age} s ago` }]
        : []),
      ...(capture.includes('candles') && minute === null
        ? [{ kind: 'no minute' as const, symbol, text: healthReason`${symbol}: no minute in the last 10` }]
        : []),
    ]);
  }

  private textOf(kind: OldDatum['kind'], symbols: readonly string[]): string {
    const count = symbols.length;
    const names = `${symbols.slice(0, MOST_NAMED).join(', ')} and ${count - MOST_NAMED} more`;
    switch (kind) {
      case 'no price':
        return healthReason`${count} symbols: no price yet (${names})`;
      case 'old price':
        return healthReason`${count} symbols: last price more than ${this.allowedAge} s ago (${names})`;
      case 'no minute':
        return healthReason`${count} symbols: no minute in the last 10 (${names})`;
    }
  }

  /** In seconds. */
  private get allowedAge(): number {
    return Math.max(LEAST_PRICE_AGE_SECONDS, POLLS_MISSED * this.config.ingest.pollIntervalSeconds);
  }
}

function namesOf(found: readonly OldDatum[], kind: OldDatum['kind']): string[] {
  return found.filter((datum) => datum.kind === kind).map(({ symbol }) => symbol);
}
