import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { SymbolReader } from '@app/domain';

/** Real time for which what the store knows is taken as it was. */
const KNOWN_FOR_MS = 1_000;

/** The symbols of a question that names none: those that `SYMBOLS` names, and of those stored the ones that its patterns fit. */
@Injectable()
export class ServedSymbols {
  private fitting: { readonly symbols: Promise<readonly string[]>; readonly readAt: number } | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly reader: SymbolReader,
  ) {}

  /** The named ones in their order, then the others by code points. @throws StoreNotReadyError with patterns */
  async all(): Promise<readonly string[]> {
    if (!this.config.symbolChoice.hasPatterns) return this.config.symbols;
    const now = performance.now();
    if (this.fitting === undefined || now - this.fitting.readAt >= KNOWN_FOR_MS) {
      this.fitting = { symbols: this.read(), readAt: now };
    }
    try {
      return await this.fitting.symbols;
    } catch (error) {
      this.fitting = undefined;
      throw error;
    }
  }

  private async read(): Promise<readonly string[]> {
    const { symbols: named, symbolChoice: choice } = this.config;
    const known = await this.reader.known();
    const names = new Set(named);
    return [...named, ...known.filter((symbol) => choice.fits(symbol) && !names.has(symbol))];
  }
}
