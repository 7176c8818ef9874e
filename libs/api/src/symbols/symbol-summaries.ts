import { Injectable } from '@nestjs/common';
import { compareCodePoints, coveragePercent, SymbolReader, type SymbolSummary, UNKNOWN_STATUS } from '@app/domain';

/** A symbol that is configured and of which nothing is stored yet. */
const unknownYet = (symbol: string): SymbolSummary => ({
  symbol,
  baseAsset: null,
  quoteAsset: null,
  status: UNKNOWN_STATUS,
  firstDate: null,
  lastDate: null,
  lastMinute: null,
  lastEvent: null,
  coveragePercent: coveragePercent(0, 0),
  assetsSince: null,
  changedAt: 0,
});

/** What is known of symbols, also of those that are only configured so far. */
@Injectable()
export class SymbolSummaries {
  constructor(private readonly reader: SymbolReader) {}

  /** One summary per symbol, by code points. */
  async of(symbols: readonly string[]): Promise<SymbolSummary[]> {
    const stored = new Map((await this.reader.summaries(symbols)).map((summary) => [summary.symbol, summary]));
    return [...symbols].sort(compareCodePoints).map((symbol) => stored.get(symbol) ?? unknownYet(symbol));
  }
}
