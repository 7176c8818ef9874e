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
    return Promise.resolve(this.frames.get(symbol));
  }

  ensure(symbol: string, _origin: string, listedAt?: EpochMicros): Promise<TrackedSymbol> {
    const now = this.clock.now();
    const ledgerStart = listedAt ?? floorTo(now, MINUTE);
    const frame = this.frames.get(symbol) ?? { symbol, trackedSince: now, ledgerStart };
    this.frames.set(symbol, frame);
    return Promise.resolve(frame);
  }

  known(): Promise<readonly string[]> {
    return Promise.resolve([...this.frames.keys()]);
  }

  forget(symbol: string): void {
    this.frames.delete(symbol);
  }
}
