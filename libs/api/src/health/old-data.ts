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
/** Symbols of a whole market would make a line that nobody reads; `/health` names all of them. */
const MOST_NAMED = 5;

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

  /** What is old of the symbols that trade; one that the exchange has stopped has nothing new to give. */
  reasons(symbols: readonly SymbolFreshness[]): string[] {
    const { capture, pollIntervalSeconds } = this.config.ingest;
    const allowed = Math.max(LEAST_PRICE_AGE_SECONDS, POLLS_MISSED * pollIntervalSeconds);
    const traded = symbols.filter(({ exchange_status: status }) => status === TRADING || status === UNKNOWN_STATUS);
    return traded.flatMap(({ symbol, last_event_age_seconds: age, last_minute: minute }) => [
      ...(capture.includes('tickers') && age === null ? [healthReason`${symbol}: no price yet`] : []),
      ...(capture.includes('tickers') && age !== null && age > allowed
        ? [healthReason`${symbol}: last price ${age} s ago`]
        : []),
      ...(capture.includes('candles') && minute === null ? [healthReason`${symbol}: no minute in the last 10`] : []),
    ]);
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
    const reasons = this.reasons(await this.freshness.read(await this.served.all(), this.clock.now()));
    const more = reasons.length - MOST_NAMED;
    return [...reasons.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more in /health`] : [])].join('; ');
  }
}
