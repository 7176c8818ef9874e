import {
  floorTo,
  LiveFlow,
  MINUTE,
  SymbolTracking,
  type Clock,
  type EpochMicros,
  type TrackedSymbol,
} from '@app/domain';

/** Live events that have come as far as they are told to. */
export class FakeLiveFlow extends LiveFlow {
  reached: EpochMicros | undefined;
  waiting = false;

  reach(): EpochMicros | undefined {
    return this.reached;
  }
}

/** Symbols tracked from the minute in which they are first asked for, as in a process without a store. */
export class FakeSymbolTracking extends SymbolTracking {
  readonly frames = new Map<string, TrackedSymbol>();

  constructor(private readonly clock: Clock) {
    super();
  }

  frame(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frameByNow(symbol));
  }

  ensure(symbol: string, _origin: string, listedAt?: EpochMicros): Promise<TrackedSymbol> {
    return Promise.resolve(this.frameByNow(symbol) ?? this.begin(symbol, listedAt));
  }

  known(): Promise<readonly string[]> {
    return Promise.resolve([...this.frames.keys()]);
  }

  forget(symbol: string): void {
    this.frames.delete(symbol);
  }

  /** One that is still to begin was noted by a clock that was ahead. */
  private frameByNow(symbol: string): TrackedSymbol | undefined {
    const known = this.frames.get(symbol);
    return known && known.ledgerStart > this.clock.now() + MINUTE ? this.begin(symbol) : known;
  }

  private begin(symbol: string, listedAt?: EpochMicros): TrackedSymbol {
    const now = this.clock.now();
    const frame = { symbol, trackedSince: now, ledgerStart: listedAt ?? floorTo(now, MINUTE) };
    this.frames.set(symbol, frame);
    return frame;
  }
}
