/** What a reader has taken, as it is looked at from time to time while bytes wait for him. */
export class ReadingPace {
  private changedAt: number;
  private before: string | undefined;
  private readonly looks: { readonly at: number; readonly taken: number }[] = [];

  /** `windowMs`: over what time his speed is told. */
  constructor(
    private readonly windowMs: number,
    now: number,
  ) {
    this.changedAt = now;
  }

  /** Notes how many bytes the kernel was given for him, and how many of those it still holds. */
  note(now: number, given: number, queued: number): void {
    const state = `${given} ${queued}`;
    if (state !== this.before) this.changedAt = now;
    this.before = state;
    this.looks.push({ at: now, taken: given - queued });
    // One look from before the window begins stays: the speed is told from it on.
    while (this.looks.length > 2 && now - (this.looks[1]?.at ?? now) >= this.windowMs) this.looks.shift();
  }

  /** For how long he has taken nothing. */
  silentFor(now: number): number {
    return now - this.changedAt;
  }

  /** Bytes a second over the window; undefined before it has been looked at for that long. */
  bytesPerSecond(): number | undefined {
    const [first, last] = [this.looks[0], this.looks.at(-1)];
    if (!first || !last || last.at - first.at < this.windowMs) return undefined;
    return ((last.taken - first.taken) * 1_000) / (last.at - first.at);
  }
}
