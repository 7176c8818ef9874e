/** Most lines of their own in a second, and how often the others are summed up. */
const LINES_A_SECOND = 10;
const SUMMARY_MS = 10_000;

/**
 * Bounds the log lines of requests that no budget bounds: so many a second have one of their own, and the others are
 * counted and told together.
 */
export class LineLimit {
  private secondEnds = 0;
  private lines = 0;
  private untold = 0;
  private telling: NodeJS.Timeout | undefined;

  /** `tell` is told how many requests had no line, some time after the first of them. */
  constructor(
    private readonly tell: (requests: number) => void,
    private readonly now: () => number = () => performance.now(),
    private readonly summaryMs: number = SUMMARY_MS,
  ) {}

  /** Whether a line may be written now; it counts as untold otherwise. */
  allows(): boolean {
    const now = this.now();
    if (now >= this.secondEnds) {
      this.secondEnds = now + 1_000;
      this.lines = 0;
    }
    this.lines += 1;
    if (this.lines <= LINES_A_SECOND) return true;
    this.untold += 1;
    this.telling ??= setTimeout(() => {
      this.sumUp();
    }, this.summaryMs).unref();
    return false;
  }

  /** Tells what is untold. */
  sumUp(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    if (this.untold > 0) this.tell(this.untold);
    this.untold = 0;
  }
}
