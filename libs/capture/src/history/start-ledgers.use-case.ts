import { Inject, Injectable } from '@nestjs/common';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureFaults } from '../status/capture-faults';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { SymbolTracker } from '../symbols/symbol-tracker';

/** Where no live capture does it, starts the ledger of each symbol that the exchange knows. */
@Injectable()
export class StartLedgersUseCase {
  constructor(
    private readonly directory: SymbolDirectory,
    private readonly tracker: SymbolTracker,
    private readonly faults: CaptureFaults,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  async execute(): Promise<void> {
    const { origin } = this.directory;
    if (origin === undefined || this.faults.standAside) return;
    try {
      for (const symbol of this.options.symbols) {
        if (this.directory.statusOf(symbol) !== undefined) await this.tracker.ensure(symbol, origin);
      }
    } catch (error) {
      this.faults.note(error);
    }
  }
}
