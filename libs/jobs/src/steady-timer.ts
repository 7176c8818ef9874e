import type { SchedulerRegistry } from '@nestjs/schedule';
import { MILLISECOND, type Clock, type EpochMicros } from '@app/domain';
import { JobTimer } from './job-timer';

/** Fires at once and then at equal distances of real time, but for those at which the job still runs. */
export class SteadyTimer extends JobTimer {
  private isStopped = true;
  private isFiring = false;
  /** On the monotonic counter of the process. */
  private tickedAt = 0;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
  ) {
    super();
  }

  start(fire: () => Promise<void>): void {
    this.isStopped = false;
    this.tick(fire);
    this.registry.addInterval(
      this.name,
      setInterval(() => {
        this.tick(fire);
      }, this.everyMs),
    );
  }

  stop(): void {
    this.isStopped = true;
    if (this.registry.doesExist('interval', this.name)) this.registry.deleteInterval(this.name);
  }

  next(): EpochMicros | null {
    if (this.isStopped) return null;
    const wait = Math.max(0, this.everyMs - (performance.now() - this.tickedAt));
    return this.clock.realNow() + Math.round(wait) * MILLISECOND;
  }

  private tick(fire: () => Promise<void>): void {
    this.tickedAt = performance.now();
    if (this.isFiring) return;
    this.isFiring = true;
    void fire().then(() => {
      this.isFiring = false;
    });
  }
}
