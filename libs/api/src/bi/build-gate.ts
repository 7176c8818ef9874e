import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { busy } from './busy.problem';

/** Most rows of tables that are made at once: about 12 MB of lines. A larger table is made alone. */
const MOST_ROWS = 100_000;
/** Largest table that is never held up: 90 days of hours, or of days for 27 symbols. */
const SMALL_ROWS = 2_500;

interface Waiting {
  readonly rows: number;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * Lets large tables be made one after the other, in the order they were asked for. They are made page by page, so without
 * this all that are asked for at once would grow side by side, and a few dozen of them would take more memory than a small
 * host has; none would be ready sooner.
 */
@Injectable()
export class BuildGate implements OnModuleDestroy {
  private rowsInHand = 0;
  private waiting: Waiting[] = [];

  /** What has not begun does not hold up the end of the process. */
  onModuleDestroy(): void {
    for (const { refuse } of this.waiting) refuse();
    this.waiting = [];
  }

  /** Makes a table of at most `rows` rows when there is room for it. @throws ProblemError 503 when the process stops first */
  async pass<T>(rows: number, build: () => Promise<T>): Promise<T> {
    if (rows <= SMALL_ROWS) return build();
    const counted = Math.min(rows, MOST_ROWS);
    await new Promise<void>((begin, reject) => {
      const refuse = (): void => {
        reject(busy());
      };
      this.waiting.push({ rows: counted, begin, refuse });
      this.letIn();
    });
    try {
      return await build();
    } finally {
      this.rowsInHand -= counted;
      this.letIn();
    }
  }

  private letIn(): void {
    for (let next = this.waiting[0]; next && this.rowsInHand + next.rows <= MOST_ROWS; next = this.waiting[0]) {
      this.waiting.shift();
      this.rowsInHand += next.rows;
      next.begin();
    }
  }
}
