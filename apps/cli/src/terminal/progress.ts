const REDRAW_MS = 200;
const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 24;

/** Where work stands. `done` of `total` steps; `rows` is what it brought. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly rows?: number;
  /** What is in hand, e.g. a symbol and a day. */
  readonly at?: string;
}

/**
 * Progress with rate and time left: a bar that is redrawn on a terminal, a line every five seconds elsewhere. Rate and
 * ETA count from the first report, so that what an earlier run had done does not flatter them.
 */
export class Progress {
  private startedAt = 0;
  private first: ProgressState | undefined;
  private shownAt = -Infinity;
  private drawn = false;

  constructor(
    private readonly unit: string,
    private readonly output: NodeJS.WriteStream,
  ) {}

  report(state: ProgressState): void {
    const now = performance.now();
    if (!this.first) {
      this.first = state;
      this.startedAt = now;
    }
    if (now - this.shownAt < (this.output.isTTY ? REDRAW_MS : LINE_EVERY_MS)) return;
    this.shownAt = now;
    const text = this.describe(state, (now - this.startedAt) / 1_000);
    if (this.output.isTTY) {
      this.drawn = true;
      this.output.write(`\r\u001b[2K${text}`);
    } else {
      this.output.write(`${text}\n`);
    }
  }

  /** Takes the bar away; what came of the work is said by whoever did it. */
  end(): void {
    if (this.drawn) this.output.write('\r\u001b[2K');
    this.drawn = false;
  }

  private describe(state: ProgressState, seconds: number): string {
    const { done, total, rows, at } = state;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const stepsPerSecond = seconds > 0 ? (done - (this.first?.done ?? 0)) / seconds : 0;
    const rowsPerSecond = seconds > 0 ? ((rows ?? 0) - (this.first?.rows ?? 0)) / seconds : 0;
    const filled = Math.round(share * BAR_WIDTH);
    return [
      `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${(share * 100).toFixed(1)}%`,
      `${done} of ${total} ${this.unit}`,
      ...(rows === undefined ? [] : [`${Math.round(rowsPerSecond)} rows/s`]),
      stepsPerSecond > 0 ? `${formatSeconds((total - done) / stepsPerSecond)} left` : 'time left unknown yet',
      ...(at === undefined ? [] : [at]),
    ].join('  ');
  }
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
