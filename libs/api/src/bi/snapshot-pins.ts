import { LruMap } from './lru-map';

/** How long a reader that works by HEAD and ranges may take between two requests, in real milliseconds. */
const PIN_MS = 10_000;
/** Longest time for which one address serves the same bytes, however busy its readers are. */
const PIN_MAX_MS = 30_000;
const MAX_PINS = 500;
const MAX_BYTES = 64 * 1_048_576;

interface Pin<Snapshot> {
  readonly snapshot: Snapshot;
  readonly since: number;
  until: number;
}

/**
 * Holds the bytes of an address still while somebody reads it in pieces: DuckDB and polars ask for the length first and
 * for ranges after that, and fail when the file changes in between.
 */
export class SnapshotPins<Snapshot extends { readonly bytes: Buffer }> {
  private readonly pins = new LruMap<Pin<Snapshot>>(MAX_PINS, MAX_BYTES);

  /** The bytes that the address is held at; undefined when it is not. */
  pinned(url: string, now: number = performance.now()): Snapshot | undefined {
    if (this.pins.size === 0) return undefined;
    const pin = this.pins.get(url);
    if (!pin) return undefined;
    if (pin.until > now) return pin.snapshot;
    this.pins.delete(url);
    return undefined;
  }

  /** Holds the address at these bytes for ten more seconds. */
  pin(url: string, snapshot: Snapshot, now: number = performance.now()): void {
    const pin = this.pins.get(url);
    if (pin?.snapshot === snapshot) pin.until = Math.min(now + PIN_MS, pin.since + PIN_MAX_MS);
    else this.pins.set(url, { snapshot, since: now, until: now + PIN_MS }, snapshot.bytes.length);
  }
}
