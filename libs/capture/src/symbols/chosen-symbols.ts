import { Inject, Injectable } from '@nestjs/common';
import { compareCodePoints, Exchange, HistoryStore, isTrading } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';

/** All symbols that `SYMBOLS` means, for work that is done once. */
@Injectable()
export class ChosenSymbols {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  /** The named ones, then those that patterns fit in the store or, as trading, on the exchange. @throws ExchangeError */
  async all(signal: AbortSignal): Promise<readonly string[]> {
    const { choice } = this.options;
    if (!choice.hasPatterns) return choice.names;
    const { data } = await this.exchange.allSymbols(signal);
    const known = await this.history.knownSymbols();
    const trading = data.filter(isTrading);
    const fitting = new Set([...known, ...trading].map(({ symbol }) => symbol).filter((symbol) => choice.fits(symbol)));
    for (const name of choice.names) fitting.delete(name);
    return [...choice.names, ...[...fitting].sort(compareCodePoints)];
  }
}
