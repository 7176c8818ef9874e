import type { Clock, EpochMicros } from '@app/domain';

/** Growing pauses in market time after failures in a row: the first, then twice as long each time, up to the longest. */
export class BackOff {
  private failures = 0;
  private until: EpochMicros = 0;

  constructor(
    private readonly clock: Clock,
    private readonly first: EpochMicros,
    private readonly longest: EpochMicros,
  ) {}

  /** Whether the pause after the last failure is still on. */
  get waiting(): boolean {
    return this.clock.now() < this.until;
  }

  failed(): void {
    this.until = this.clock.now() + Math.min(this.first * 2 ** this.failures, this.longest);
    this.failures += 1;
  }

  succeeded(): void {
    this.failures = 0;
    this.until = 0;
  }
}
