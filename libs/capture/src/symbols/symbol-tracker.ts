import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  DAY,
  DELISTED,
  floorTo,
  HistoryStore,
  MINUTE,
  StoreNotReadyError,
  SymbolTracking,
  type EpochMicros,
  type TrackedSymbol,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';

/** Starts the ledger of each symbol in the store once the exchange has answered for it. */
@Injectable()
export class SymbolTracker extends SymbolTracking {
  private readonly frames = new Map<string, TrackedSymbol>();

  constructor(
    private readonly history: HistoryStore,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {
    super();
  }

  async frame(symbol: string): Promise<TrackedSymbol | undefined> {
    const known = this.frames.get(symbol) ?? (await this.tracked(symbol));
    if (known) this.frames.set(symbol, known);
    return known;
  }

  /** Has what is known of a symbol looked up again, should it be wanted. */
  forget(symbol: string): void {
    this.frames.delete(symbol);
  }

  /** Nothing is known where there is no store: capture goes on without. */
  private async tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    try {
      return await this.history.tracked(symbol);
    } catch (error) {
      if (error instanceof StoreNotReadyError) return undefined;
      throw error;
    }
  }

  async known(): Promise<readonly string[]> {
    const symbols = await this.history.knownSymbols();
    return symbols.filter(({ status }) => status !== DELISTED).map(({ symbol }) => symbol);
  }

  async ensure(symbol: string, origin: string, listedAt?: EpochMicros): Promise<TrackedSymbol> {
    const known = await this.frame(symbol);
    if (known) return known;
    const now = this.clock.now();
    const ledgerStart = listedAt ?? ledgerStartAt(now, this.options.backfillDays);
    const frame = await this.history.track({ symbol, trackedSince: now, ledgerStart }, origin);
    this.frames.set(symbol, frame);
    return frame;
  }
}

/** Where the ledger of a symbol begins that is tracked since then. */
export function ledgerStartAt(trackedSince: EpochMicros, backfillDays: number): EpochMicros {
  return backfillDays === 0 ? floorTo(trackedSince, MINUTE) : floorTo(trackedSince, DAY) - backfillDays * DAY;
}
