import { GrowingPause, type Clock, type EpochMicros } from '@app/domain';

/** Pauses of the symbols that the exchange refuses something of, so that none of them costs the others their turn. */
export class SymbolPauses {
  /** Symbols whose last turn failed, the latest last. */
  private readonly troubled = new Map<string, GrowingPause>();

  constructor(
    private readonly clock: Clock,
    /** Market time after which a symbol is asked for again first. */
    private readonly interval: EpochMicros,
  ) {}

  /** Whether the symbol was refused when it was asked for last. */
  isFailing(symbol: string): boolean {
    return this.troubled.get(symbol)?.isFailing === true;
  }

  get hasFailing(): boolean {
    return [...this.troubled.values()].some(({ isFailing }) => isFailing);
  }

  /**
   * The symbols that may be asked for: first those without trouble, then those whose trouble is the oldest. What is known
   * of others is forgotten: they are asked for no longer.
   */
  due(symbols: readonly string[]): string[] {
    const wanted = new Set(symbols);
    for (const symbol of this.troubled.keys()) if (!wanted.has(symbol)) this.troubled.delete(symbol);
    return [
      ...symbols.filter((symbol) => !this.troubled.has(symbol)),
      ...[...this.troubled].filter(([, pause]) => pause.isOver).map(([symbol]) => symbol),
    ];
  }

  /** The symbol was refused; returns the market time at which it is asked for again. */
  failed(symbol: string, retryAt?: EpochMicros): EpochMicros {
    return this.moveBack(symbol).failed(retryAt);
  }

  /** The symbol's turn failed for a reason that is not its own: it comes last, without a pause. */
  postponed(symbol: string): void {
    this.moveBack(symbol);
  }

  succeeded(symbol: string): void {
    this.troubled.delete(symbol);
  }

  /** Everything may be asked for again. */
  clear(): void {
    this.troubled.clear();
  }

  private moveBack(symbol: string): GrowingPause {
    const pause = this.troubled.get(symbol) ?? new GrowingPause(this.clock, this.interval);
    this.troubled.delete(symbol);
    this.troubled.set(symbol, pause);
    return pause;
  }
}
