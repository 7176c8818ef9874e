import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  EXCHANGE_WIDE_FAILURES,
  formatBucketTime,
  healthReason,
  HOUR,
  type EpochMicros,
  type ExchangeFailure,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CaptureMetrics } from '../status/capture-metrics';

/** What the exchange is asked for, as health, log and metrics name it. */
export type Asked =
  'tickers' | 'candles' | 'symbols' | 'server time' | 'first minutes' | 'first backfill' | 'past minutes';

export interface RefusalReason {
  /** `left_out`: the exchange answered with a row that was not accepted, or without one. */
  readonly failure: ExchangeFailure | 'left_out';
  /** One readable line. */
  readonly reason: string;
  /** Market time at which it is asked for again. */
  readonly retryAt: EpochMicros;
}

/** What is refused at present, for the same reason and until the same time. */
export interface Refusal extends RefusalReason {
  readonly asked: Asked;
  /** Empty when it is refused for all of them. */
  readonly symbols: readonly string[];
  /** Market time of the first refusal in a row. */
  readonly since: EpochMicros;
}

interface Entry extends RefusalReason {
  readonly since: EpochMicros;
  /** On the monotonic counter. */
  readonly saidAt: EpochMicros;
}

/** Stands for all symbols. */
const ALL = '';
/** What lasts is said again after this long. */
const SAY_AGAIN: EpochMicros = HOUR;
const MOST_NAMES = 5;

/** What the exchange refuses at present, why, and when it is asked for again: for `/health`, log and metrics. */
@Injectable()
export class Refusals {
  private readonly entries = new Map<Asked, Map<string, Entry>>();

  constructor(
    private readonly clock: Clock,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Notes a refusal. @param symbols those that were asked for; none: it does not depend on the symbol */
  refused(asked: Asked, symbols: readonly string[], reason: RefusalReason): void {
    const [now, counter] = [this.clock.now(), this.clock.monotonicNow()];
    const ofAsked = this.entries.get(asked) ?? new Map<string, Entry>();
    this.entries.set(asked, ofAsked);
    const unsaid: string[] = [];
    for (const symbol of symbols.length === 0 ? [ALL] : symbols) {
      const known = ofAsked.get(symbol);
      const isSaid = known?.reason === reason.reason && counter - known.saidAt < SAY_AGAIN;
      if (!isSaid) unsaid.push(symbol);
      ofAsked.set(symbol, { ...reason, since: known?.since ?? now, saidAt: isSaid ? known.saidAt : counter });
      this.metrics.refused(asked, reason.failure);
    }
    this.metrics.refusedNow(asked, ofAsked.size);
    // That the exchange is away is said once for everything that is asked for.
    if (unsaid.length > 0 && !(EXCHANGE_WIDE_FAILURES as ReadonlySet<string>).has(reason.failure)) {
      const named = unsaid.filter((symbol) => symbol !== ALL);
      this.logger.warn({ asked, symbols: named, ...reason }, textOf({ asked, symbols: named, ...reason }));
    }
  }

  /** Notes that the exchange answered for the symbols, and so that what it is asked for is not refused as such. */
  answered(asked: Asked, symbols: readonly string[]): void {
    const ofAsked = this.entries.get(asked);
    if (ofAsked === undefined || ofAsked.size === 0) return;
    const ended = [ALL, ...symbols].filter((symbol) => ofAsked.delete(symbol));
    if (ended.length === 0) return;
    this.metrics.refusedNow(asked, ofAsked.size);
    const named = ended.filter((symbol) => symbol !== ALL);
    this.logger.info({ asked, symbols: named }, `${nameOf(asked, named)}: the exchange answers again`);
  }

  /** Nothing is asked of these symbols any more. */
  forget(symbols: readonly string[]): void {
    for (const [asked, ofAsked] of this.entries) {
      if (symbols.filter((symbol) => ofAsked.delete(symbol)).length > 0) this.metrics.refusedNow(asked, ofAsked.size);
    }
  }

  /** Everything that is refused at present, in groups. */
  list(): Refusal[] {
    const groups = new Map<string, Refusal & { readonly symbols: string[] }>();
    for (const [asked, ofAsked] of this.entries) {
      for (const [symbol, { failure, reason, retryAt, since }] of ofAsked) {
        const key = JSON.stringify([asked, symbol === ALL, failure, reason, retryAt]);
        const group = groups.get(key) ?? { asked, symbols: [], failure, reason, retryAt, since };
        if (symbol !== ALL) group.symbols.push(symbol);
        groups.set(key, { ...group, since: Math.min(group.since, since) });
      }
    }
    return [...groups.values()];
  }

  /** The same in words; empty when nothing is refused. */
  problem(): string {
    return this.list().map(textOf).join('; ');
  }
}

type Said = Pick<Refusal, 'asked' | 'symbols' | 'failure' | 'reason' | 'retryAt'>;

function textOf({ asked, symbols, failure, reason, retryAt }: Said): string {
  const [name, time] = [nameOf(asked, symbols), formatBucketTime(retryAt)];
  if (failure === 'unreachable') return healthReason`${name}: no answer (${reason}); asked for again at ${time}`;
  if (failure === 'left_out') return healthReason`${name}: left out (${reason}); asked for again at ${time}`;
  return healthReason`${name}: refused (${reason}); asked for again at ${time}`;
}

function nameOf(asked: Asked, symbols: readonly string[]): string {
  if (symbols.length === 0) return asked;
  const names = symbols.slice(0, MOST_NAMES).join(', ');
  return `${asked} of ${names}${symbols.length > MOST_NAMES ? ` and ${symbols.length - MOST_NAMES} more` : ''}`;
}
