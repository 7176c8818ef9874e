import type { SpooledEvent } from './spooled-event';

interface HeldEvent {
  readonly event: SpooledEvent;
  readonly bytes: number;
}

/** First in, first out, bounded in bytes: holds events while the disk takes none. */
export class MemoryQueue {
  private held: HeldEvent[] = [];
  private total = 0;

  constructor(private readonly maxBytes: number) {}

  get length(): number {
    return this.held.length;
  }

  get bytes(): number {
    return this.total;
  }

  /** Adds events and returns those that had to go for them, oldest first; the first `pinned` are in use and stay. */
  push(events: readonly SpooledEvent[], sizeOf: (event: SpooledEvent) => number, pinned: number): SpooledEvent[] {
    for (const event of events) {
      const bytes = sizeOf(event);
      this.held.push({ event, bytes });
      this.total += bytes;
    }
    let surplus = 0;
    let count = 0;
    while (this.total - surplus > this.maxBytes && pinned + count < this.held.length) {
      surplus += this.held[pinned + count]?.bytes ?? 0;
      count += 1;
    }
    this.total -= surplus;
    return this.held.splice(pinned, count).map(({ event }) => event);
  }

  /** The oldest events, at most `count`. */
  first(count: number): SpooledEvent[] {
    return this.held.slice(0, count).map(({ event }) => event);
  }

  remove(count: number): void {
    for (const { bytes } of this.held.splice(0, count)) this.total -= bytes;
  }
}
