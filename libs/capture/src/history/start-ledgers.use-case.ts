import { Injectable } from '@nestjs/common';
import { Clock, DAY, floorTo, MINUTE, type EpochMicros } from '@app/domain';
import { CaptureFaults } from '../status/capture-faults';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { FirstMinuteFinder } from './first-minute.finder';

/** Where no live capture does it, starts the ledger of each symbol that the exchange knows. */
@Injectable()
export class StartLedgersUseCase {
  constructor(
    private readonly directory: SymbolDirectory,
    private readonly tracker: SymbolTracker,
    private readonly faults: CaptureFaults,
    private readonly firstMinutes: FirstMinuteFinder,
    private readonly captured: CapturedSymbols,
    private readonly clock: Clock,
  ) {}

  async execute(signal: AbortSignal): Promise<void> {
    const { origin } = this.directory;
    if (origin === undefined || this.faults.isPaused) return;
    try {
      for (const symbol of this.captured.list) {
        if (signal.aborted) return;
        const isListed = this.directory.statusOf(symbol) !== undefined;
        if (isListed) await this.tracker.ensure(symbol, origin, await this.listedAt(symbol, signal));
      }
    } catch (error) {
      this.faults.note(error);
    }
  }

  /** The first minute of a symbol that was listed within the last day, since the exchange was looked at last. */
  private async listedAt(symbol: string, signal: AbortSignal): Promise<EpochMicros | undefined> {
    if (!this.captured.isNewcomer(symbol) || (await this.tracker.frame(symbol))) return undefined;
    const first = await this.firstMinutes.find(symbol, signal);
    return first === undefined || first < this.clock.now() - DAY ? undefined : floorTo(first, MINUTE);
  }
}
