import { DAY, floorTo, formatBucketTime, MINUTE, type Clock, type EpochMicros } from '@app/domain';
import type { JobResult } from '@app/jobs';
import type { Counter, Gauge, Logger } from '@app/observability';
import { runCommand, type CommandOutcome } from './command-process';

/** Pause after a failure; twice as long after each further one. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 1_800_000;

export interface DailyFailure {
  readonly at: EpochMicros;
  readonly reason: string;
  /** Which try it was since the last success, in words. */
  readonly tries: string;
}

/** What was made last, by whomever. */
export interface Made {
  readonly name: string;
  readonly madeAt: EpochMicros;
}

export interface DailyCommandOptions {
  /** What the log calls what is made, such as `the daily build of the tables`. */
  readonly name: string;
  /** The command line program. */
  readonly script: string;
  /** Its command with arguments, where this is the newest that is known. */
  readonly command: (newest: Made | undefined) => readonly string[];
  /** Time of the UTC day. */
  readonly dailyAt: EpochMicros;
  /** Real time after which it is taken to hang: it is ended, and tried again. */
  readonly maxSeconds: number;
  /** The newest one, by whomever; asked at each look. */
  readonly newest: () => Promise<Made | undefined>;
  /** Whether it can succeed at present; whatever keeps it from that says so itself. */
  readonly mayRun: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failures: Counter;
  /** How long the last success took. */
  readonly seconds: Gauge;
}

/**
 * The work of a background job that runs a command of the command line program each day, in a process of its own. What
 * decides is when its newest result was made, by whomever: a time at which this process was not there is made up for, and
 * where several do the same work, one of them does it.
 */
export class DailyCommand {
  private lastFailure: DailyFailure | undefined;
  private failuresInARow = 0;
  /** Real milliseconds on a counter of its own. */
  private pausedUntil = 0;
  private isAtIt = false;
  /** The last time of day for which this process has made one. */
  private madeFor: EpochMicros | undefined;

  constructor(private readonly options: DailyCommandOptions) {}

  /** Undefined where the last run succeeded. */
  get failure(): DailyFailure | undefined {
    return this.lastFailure;
  }

  /** The same as `/health` shows it, null where the last run succeeded. */
  get failureReport(): { readonly at: string; readonly reason: string } | null {
    return this.lastFailure ? { at: formatBucketTime(this.lastFailure.at), reason: this.lastFailure.reason } : null;
  }

  get isRunning(): boolean {
    return this.isAtIt;
  }

  /** Runs the command where it is due; the signal ends it. */
  async execute(signal: AbortSignal): Promise<JobResult> {
    const { dailyAt, clock, newest, mayRun } = this.options;
    if (performance.now() < this.pausedUntil) return 'idle';
    try {
      const made = await newest();
      const last = lastTime(dailyAt, clock.now());
      if (!mayRun() || last === this.madeFor || !isDue(last, clock.now(), made)) return 'idle';
      const outcome = await this.run(last, made, signal);
      // It may have taken hours: what it made is known at once.
      await newest();
      if (outcome === 'failed') return 'failed';
      return outcome === 'made' ? 'ok' : 'idle';
    } catch (error) {
      const reason = 'it cannot be told whether it is due; the log says why';
      this.note({ kind: 'failed', reason, said: (error as Error).message }, 0);
      return 'failed';
    }
  }

  private async run(time: EpochMicros, newest: Made | undefined, signal: AbortSignal): Promise<CommandOutcome['kind']> {
    const { script, command, maxSeconds } = this.options;
    this.isAtIt = true;
    const begunAt = performance.now();
    const outcome = await runCommand(script, command(newest), maxSeconds, signal);
    this.isAtIt = false;
    // Where a file system keeps times badly, what was made may look older than it is.
    if (outcome.kind === 'made') this.madeFor = time;
    this.note(outcome, (performance.now() - begunAt) / 1_000);
    return outcome.kind;
  }

  private note(outcome: CommandOutcome, seconds: number): void {
    const { name, clock, logger, failures } = this.options;
    if (outcome.kind === 'made') {
      this.lastFailure = undefined;
      this.failuresInARow = 0;
      this.options.seconds.set(seconds);
      logger.info({ seconds: Math.round(seconds) }, `${name} is made`);
    }
    if (outcome.kind !== 'failed') return;
    this.failuresInARow += 1;
    const count = this.failuresInARow;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
    const tries = count === 1 ? 'the last try' : `the last of ${count} tries`;
    this.lastFailure = { at: clock.now(), reason: outcome.reason, tries };
    this.pausedUntil = performance.now() + pauseMs;
    failures.inc();
    logger.error({ reason: outcome.reason, said: outcome.said, retry_seconds: pauseMs / 1_000 }, `${name} failed`);
  }
}

/** The last time that it was this time of day. */
function lastTime(dailyAt: EpochMicros, now: EpochMicros): EpochMicros {
  return floorTo(now - dailyAt, DAY) + dailyAt;
}

/** Whether nothing was made from that time on; what is from the future is of a clock that was ahead. */
function isDue(time: EpochMicros, now: EpochMicros, newest: Made | undefined): boolean {
  return newest === undefined || newest.madeAt < time || newest.madeAt > now + MINUTE;
}
