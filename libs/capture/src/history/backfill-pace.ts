/** What has not moved for so long says nothing of when it will be done. */
const STALLED_MS = 30_000;

/** How fast a backfill goes, in real time. */
export class BackfillPace {
  /** Minutes that were answered for. */
  minutes = 0;
  private startedAt: number | undefined;
  private movedAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Notes that there is something to do; true the first time. */
  begin(minutes: number): boolean {
    if (this.startedAt !== undefined || minutes === 0) return false;
    this.startedAt = this.now();
    return true;
  }

  done(minutes: number): void {
    this.minutes += minutes;
    this.movedAt = this.now();
  }

  /** Whole seconds since it began, rounded up. */
  get seconds(): number {
    return Math.ceil(this.elapsed / 1_000);
  }

  minutesPerSecond(): number {
    return this.elapsed === 0 ? 0 : Math.round((this.minutes * 1_000) / this.elapsed);
  }

  /** Seconds until so many minutes are done, at the rate so far; null before the first and while nothing moves. */
  secondsFor(total: number): number | null {
    if (this.minutes === 0 || this.now() - this.movedAt > STALLED_MS) return null;
    return Math.ceil((Math.max(0, total - this.minutes) / this.minutes) * (this.elapsed / 1_000));
  }

  private get elapsed(): number {
    return this.startedAt === undefined ? 0 : this.now() - this.startedAt;
  }
}
