import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  Clock,
  MILLISECOND,
  StoreNotReadyError,
  StoreStatus,
  type EpochMicros,
  type ProcessStatusRow,
} from '@app/domain';

/** Real time between two looks at what processes leave in the store. */
const LOOK_EVERY_MS = 1_000;
/** A process writes its status every 10 s: it is late when it has not for this long, and silent after three times that. */
const LATE_AFTER_MS = 12_000;
const SILENT_AFTER_MS = 30_000;

interface Seen {
  readonly updatedAt: EpochMicros;
  /** When it was seen to be new, on this process's own counter. */
  readonly changedAt: number;
}

export interface WatchedProcess extends ProcessStatusRow {
  /** Whether it should have written again by now. */
  readonly isLate: boolean;
  /** Whether it has written nothing for so long that it may be gone. */
  readonly isSilent: boolean;
}

/**
 * Which processes live, of what they leave in the store: one whose status changes does. How old a status is follows
 * from when it was seen to change, not from the time in it, which another machine's clock may have given, or one that
 * was set since. Only what was never seen to change is judged by that time.
 */
@Injectable()
export class ProcessWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly seen = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: StoreStatus,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look().catch(() => undefined), LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** What the processes last said of themselves; none while the store cannot be read. */
  async look(): Promise<WatchedProcess[]> {
    try {
      const rows = await this.store.processes();
      return rows.map((row) => {
        const unchanged = performance.now() - this.changedAt(row);
        return { ...row, isLate: unchanged > LATE_AFTER_MS, isSilent: unchanged > SILENT_AFTER_MS };
      });
    } catch (error) {
      if (error instanceof StoreNotReadyError) return [];
      throw error;
    }
  }

  private changedAt({ process, updatedAt }: ProcessStatusRow): number {
    const known = this.seen.get(process);
    if (known?.updatedAt === updatedAt) return known.changedAt;
    const now = performance.now();
    const changedAt = known ? now : now - Math.abs(this.clock.realNow() - updatedAt) / MILLISECOND;
    this.seen.set(process, { updatedAt, changedAt });
    return changedAt;
  }
}
