import { Injectable } from '@nestjs/common';

/** Most rows of tables that are made at once: about 12 MB of lines. A larger table is made alone. */
const MOST_ROWS = 100_000;
/** Largest table that is never held up: 90 days of hours, or of days for 27 symbols. */
const SMALL_ROWS = 2_500;

interface Waiting {
  readonly rows: number;
  readonly begin: () => void;
}

/**
 * Lets large tables be made one after the other, in the order they were asked for. They are made page by page, so without
 * this all that are asked for at once would grow side by side, and a few dozen of them would take more memory than a small
 * host has; none would be ready sooner.
 */
@Injectable()
export class BuildGate {
  private rowsInHand = 0;
  private readonly waiting: Waiting[] = [];

  /** Makes a table of at most `rows` rows when there is room for it. */
  async pass<T>(rows: number, build: () => Promise<T>): Promise<T> {
    if (rows <= SMALL_ROWS) return build();
    const counted = Math.min(rows, MOST_ROWS);
    await new Promise<void>((begin) => {
      this.waiting.push({ rows: counted, begin });
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
