import type { BackfillJob, TimeRange } from '@app/domain';

/** A day whose gaps nothing speaks for yet. */
export interface UnprovenDay {
  readonly job: BackfillJob;
  readonly gaps: readonly TimeRange[];
}

/** The days of one symbol that a run has still to do, oldest first. */
export class SymbolTurn {
  readonly unproven: UnprovenDay[] = [];
  private readonly waiting: BackfillJob[];

  constructor(
    readonly symbol: string,
    jobs: readonly BackfillJob[],
  ) {
    this.waiting = jobs.filter((job) => job.symbol === symbol);
  }

  get isThrough(): boolean {
    return this.waiting.length === 0;
  }

  next(): BackfillJob | undefined {
    return this.waiting.shift();
  }
}
