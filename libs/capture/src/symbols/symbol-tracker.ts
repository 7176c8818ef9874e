import { Inject, Injectable } from '@nestjs/common';
import { Clock, DAY, floorTo, HistoryStore, MINUTE, type TrackedSymbol } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';

/** Starts the ledger of each symbol once the exchange has answered for it. */
@Injectable()
export class SymbolTracker {
  private readonly frames = new Map<string, TrackedSymbol>();

  constructor(
    private readonly history: HistoryStore,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  /** The frame of a symbol's ledger; undefined before it has one. */
  async frame(symbol: string): Promise<TrackedSymbol | undefined> {
    const known = this.frames.get(symbol) ?? (await this.history.tracked(symbol));
    if (known) this.frames.set(symbol, known);
    return known;
  }

  /** The frame of a symbol that the exchange of this origin has answered for, made now unless there is one. */
  async ensure(symbol: string, origin: string): Promise<TrackedSymbol> {
    const known = await this.frame(symbol);
    if (known) return known;
    const now = this.clock.now();
    const { backfillDays } = this.options;
    const ledgerStart = backfillDays === 0 ? floorTo(now, MINUTE) : floorTo(now, DAY) - backfillDays * DAY;
    const frame = await this.history.track({ symbol, trackedSince: now, ledgerStart }, origin);
    this.frames.set(symbol, frame);
    return frame;
  }
}
