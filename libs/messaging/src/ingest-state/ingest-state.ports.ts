import {
  CandleCursor,
  floorTo,
  MINUTE,
  SymbolTracking,
  type Clock,
  type EpochMicros,
  type TrackedSymbol,
} from '@app/domain';
import type { IngestState } from './ingest-state';

/** Where candle sync goes on, as the state of this process says. */
export class IngestCandleCursor extends CandleCursor {
  constructor(private readonly state: IngestState) {
    super();
  }

  position(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.state.lastMinute(symbol));
  }

  advance(symbol: string, openTime: EpochMicros): Promise<void> {
    this.state.setLastMinute(symbol, openTime);
    return Promise.resolve();
  }
}

/** Symbols are tracked from the minute of their first answer on: what lies before is the history's. */
export class IngestSymbolTracking extends SymbolTracking {
  constructor(
    private readonly state: IngestState,
    private readonly clock: Clock,
  ) {
    super();
  }

  frame(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frameByNow(symbol));
  }

  ensure(symbol: string, _origin: string, listedAt?: EpochMicros): Promise<TrackedSymbol> {
    return Promise.resolve(this.frameByNow(symbol) ?? this.begin(symbol, listedAt));
  }

  known(): Promise<readonly string[]> {
    return Promise.resolve(this.state.known());
  }

  forget(symbol: string): void {
    this.state.forget(symbol);
  }

  /** One that is still to begin was noted by a clock that was ahead: the symbol is tracked now, and would not be till then. */
  private frameByNow(symbol: string): TrackedSymbol | undefined {
    const known = this.state.frame(symbol);
    return known && known.ledgerStart > this.clock.now() + MINUTE ? this.begin(symbol) : known;
  }

  private begin(symbol: string, listedAt?: EpochMicros): TrackedSymbol {
    const now = this.clock.now();
    const frame = { symbol, trackedSince: now, ledgerStart: listedAt ?? floorTo(now, MINUTE) };
    this.state.track(frame);
    return frame;
  }
}
