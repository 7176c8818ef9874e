import { SECOND, type EpochMicros } from '@app/domain';

/** Longest step back that is bridged; a longer one is followed at once. */
const LONGEST_BRIDGE: EpochMicros = SECOND;

interface Reading {
  readonly time: EpochMicros;
  readonly monotonic: EpochMicros;
}

/**
 * Keeps time running across small steps back: from the last reading it goes on at half its speed until the source has
 * caught up, so that it neither runs backwards nor stands still.
 */
export class BridgedTime {
  private last: Reading = { time: -Infinity, monotonic: 0 };
  /** Where the bridge under way began; undefined while the source leads. */
  private bridge: Reading | undefined;

  /** What to show for the time of the source, both at that count of the monotonic counter. */
  at(time: EpochMicros, monotonic: EpochMicros): EpochMicros {
    this.last = { time: this.shown(time, monotonic), monotonic };
    return this.last.time;
  }

  private shown(time: EpochMicros, monotonic: EpochMicros): EpochMicros {
    if (time < this.last.time) this.bridge ??= this.last;
    if (!this.bridge) return time;
    const bridged = this.bridge.time + Math.floor((monotonic - this.bridge.monotonic) / 2);
    if (bridged > time && bridged - time <= LONGEST_BRIDGE) return bridged;
    this.bridge = undefined;
    return time;
  }
}
