import { Inject, Injectable } from '@nestjs/common';
import {
  floorTo,
  formatBucketTime,
  healthReason,
  MINUTE,
  minutesIn,
  subtractRanges,
  type EpochMicros,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CaptureMetrics } from '../status/capture-metrics';

/** Minutes that are left out at present. */
export interface LeftOutNotice extends LeftOutMinutes {
  readonly symbol: string;
  /** Market time at which they are asked for again. */
  readonly retryAt: EpochMicros;
}

type Entry = Omit<LeftOutNotice, 'symbol'>;

/** Entries kept of one symbol: a history that cannot be read at all must not fill the memory. */
const MOST_OF_SYMBOL = 2_000;
const MOST_NAMES = 5;

/** Which minutes are left out at present, why, and when they are asked for again: for `/health`, log and metrics. */
@Injectable()
export class LeftOutRegister {
  private readonly entries = new Map<string, readonly Entry[]>();

  constructor(
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Notes what an answer about the range left out, in place of what was said of the range before; rows of no known minute
   * are only logged.
   */
  note(symbol: string, range: TimeRange, leftOut: readonly LeftOutMinutes[], retryAt: EpochMicros): void {
    const before = this.entries.get(symbol) ?? [];
    const known = new Set(before.map(({ detail }) => detail));
    const news = leftOut.filter(({ detail }) => !known.has(detail));
    const [first] = news;
    if (first !== undefined) {
      const fields = { symbol, rows: news.length, reason: first.reason };
      this.logger.warn(fields, `rows of ${symbol} are left out: ${first.detail}${more(news.length - 1)}`);
    }
    if (before.length === 0 && leftOut.length === 0) return;
    const minutes = leftOut.filter(({ start, end }) => start < end).map((entry) => ({ ...entry, retryAt }));
    this.replace(symbol, [...outside(before, range), ...minutes]);
  }

  /** Says when the minutes in the range are asked for again. */
  retryAt(symbol: string, { start, end }: TimeRange, time: EpochMicros): void {
    const before = this.entries.get(symbol);
    if (before === undefined) return;
    this.replace(
      symbol,
      before.map((entry) => (entry.start < end && start < entry.end ? { ...entry, retryAt: time } : entry)),
    );
  }

  /** Forgets minutes of the span that are no longer missing: somebody else may have brought them. */
  keepMissing(symbol: string, span: TimeRange, missing: readonly TimeRange[]): void {
    const before = this.entries.get(symbol);
    if (before === undefined) return;
    const isMissing = (entry: Entry): boolean =>
      missing.some(({ start, end }) => entry.start < end && start < entry.end);
    this.replace(
      symbol,
      before.filter((entry) => entry.end <= span.start || entry.start >= span.end || isMissing(entry)),
    );
  }

  /** Forgets what is older: others ask for it from now on. */
  forgetBefore(symbol: string, time: EpochMicros): void {
    const before = this.entries.get(symbol);
    if (before?.some(({ start }) => start < time) !== true) return;
    this.replace(
      symbol,
      before.filter(({ start }) => start >= time),
    );
  }

  /** Nothing is asked of these symbols any more. */
  forget(symbols: readonly string[]): void {
    for (const symbol of symbols) if (this.entries.has(symbol)) this.replace(symbol, []);
  }

  /** By symbol and time. */
  list(): LeftOutNotice[] {
    return [...this.entries].flatMap(([symbol, entries]) => entries.map((entry) => ({ symbol, ...entry })));
  }

  /** The same in words, a symbol at a time; empty when nothing is left out. */
  problem(): string {
    const symbols = [...this.entries].slice(0, MOST_NAMES).map(([symbol, entries]) => textOf(symbol, entries));
    const others = this.entries.size - symbols.length;
    return [...symbols, ...(others > 0 ? [healthReason`minutes of ${others} more symbols are left out`] : [])].join(
      '; ',
    );
  }

  private replace(symbol: string, entries: readonly Entry[]): void {
    if (entries.length === 0) {
      if (this.entries.delete(symbol)) this.logger.info({ symbol }, `no minute of ${symbol} is left out any more`);
    } else {
      const ordered = [...entries].sort((a, b) => a.start - b.start);
      this.entries.set(symbol, ordered.slice(-MOST_OF_SYMBOL));
    }
    const minutes = [...this.entries.values()].flat().reduce((sum, entry) => sum + minutesIn(entry), 0);
    this.metrics.leftOutNow(minutes);
  }
}

/** The next whole minute: what is left out live, or by the first backfill, is asked for again then. */
export function nextMinute(now: EpochMicros): EpochMicros {
  return floorTo(now, MINUTE) + MINUTE;
}

/** The parts of entries that the range does not touch. */
function outside(entries: readonly Entry[], range: TimeRange): Entry[] {
  return entries.flatMap((entry) => subtractRanges([entry], [range]).map((part) => ({ ...entry, ...part })));
}

function textOf(symbol: string, entries: readonly Entry[]): string {
  const minutes = entries.reduce((sum, entry) => sum + minutesIn(entry), 0);
  const retryAt = Math.min(...entries.map((entry) => entry.retryAt));
  const what = minutes === 1 ? '1 minute is' : `${minutes} minutes are`;
  const reason = entries[0]?.detail ?? '';
  const rest = more(entries.length - 1);
  return healthReason`${what} left out of ${symbol} (${reason}${rest}); asked for again at ${formatBucketTime(retryAt)}`;
}

function more(count: number): string {
  return count > 0 ? `, and ${count} more` : '';
}
