import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  Clock,
  ClockAlignment,
  clockStateOf,
  DAY,
  EventPublisher,
  Exchange,
  formatEventTime,
  formatMillisTime,
  healthReason,
  MILLISECOND,
  SECOND,
  STORE_READY,
  StoreCondition,
  type ClockState,
  type EpochMicros,
  type ExchangeStatus,
  type LostLines,
  type MinuteCandle,
  type PublisherStatus,
  UNKNOWN_STATUS,
} from '@app/domain';
import type { CaptureKind } from '@app/config';
import { JobRunner } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { LeftOutRegister, type LeftOutNotice } from '../left-out/left-out-register';
import { Refusals, type Refusal } from '../refusals/refusals';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { CaptureFaults } from './capture-faults';
import { CaptureMetrics } from './capture-metrics';
import type { BackupSnapshot, CaptureSnapshot, TickerState } from './capture-snapshot';

export type CandleState = 'off' | 'starting' | 'ok' | 'failing' | 'unavailable';

/** How the first backfill stands; asked for when somebody wants to know. */
export interface BackfillProgress {
  readonly state: 'waiting' | 'running' | 'done';
  readonly symbolsDone: number;
  readonly symbolsTotal: number;
  /** Minutes answered for and minutes that were missing when this run began. */
  readonly minutesDone: number;
  readonly minutesTotal: number;
  readonly rows: number;
  /** Real seconds; null while nothing can be said, and while nothing moves. */
  readonly etaSeconds: number | null;
}

const NO_BACKFILL: BackfillProgress = {
  state: 'waiting',
  symbolsDone: 0,
  symbolsTotal: 0,
  minutesDone: 0,
  minutesTotal: 0,
  rows: 0,
  etaSeconds: null,
};

/** Of a process that publishes nothing. */
const NOTHING_WAITS = { waitingEvents: 0, detail: '' } as const;

/** Nothing can be done about an event that is lost: it is said long enough to be seen, and then only listed. */
const LOSS_DEGRADES_FOR: EpochMicros = DAY;

/** Left-out ranges that are listed one by one; there is a metric of all. */
const MOST_LEFT_OUT = 20;

/** Polls are late when the last good one is this many intervals ago, and never before this long. */
const LATE_INTERVALS = 3;
const LATE_AT_LEAST: EpochMicros = 90 * SECOND;

/** Collects what capture knows of itself, for `/health`, `/readyz` and the store's process status. */
@Injectable()
export class CaptureStatus {
  private readonly lastPoll = new Map<string, EpochMicros>();
  private readonly lastMinute = new Map<string, EpochMicros>();
  private readonly exchangeStatuses = new Map<string, string>();
  /** When this process began, and when a poll was last answered, on the monotonic counter. */
  private readonly beganAt: EpochMicros;
  private polledAt: EpochMicros | undefined;
  private poll: { outcome: string; detail: string; lastAt: EpochMicros | null } = {
    outcome: 'starting',
    detail: '',
    lastAt: null,
  };
  private candles: { state: CandleState; detail: string };
  private clockRefusal = '';
  private keepsHistory: boolean;
  private backfill: () => BackfillProgress = () => NO_BACKFILL;
  private backups: () => BackupSnapshot | null = () => null;

  constructor(
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly alignment: ClockAlignment,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly leftOut: LeftOutRegister,
    private readonly captured: CapturedSymbols,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() private readonly publisher?: EventPublisher,
    @Optional() private readonly store?: StoreCondition,
    @Optional() private readonly jobs?: JobRunner,
  ) {
    this.beganAt = clock.monotonicNow();
    this.keepsHistory = options.half === 'both';
    this.candles = { state: this.captures('candles') ? 'starting' : 'off', detail: '' };
  }

  /** A poll brought prices of these symbols, of which there is at least one. */
  polled(prices: readonly { readonly symbol: string; readonly time: EpochMicros }[]): void {
    this.poll = { outcome: 'ok', detail: '', lastAt: Math.max(...prices.map(({ time }) => time)) };
    this.polledAt = this.clock.monotonicNow();
    this.metrics.polled('ok');
    for (const { symbol, time } of prices) {
      this.lastPoll.set(symbol, time);
      this.metrics.event(symbol, time);
    }
  }

  pollFailed(outcome: string, detail: string): void {
    this.poll = { outcome, detail, lastAt: this.poll.lastAt };
    this.metrics.polled(outcome);
  }

  minutesPublished(symbol: string, candles: readonly MinuteCandle[]): void {
    const now = this.clock.now();
    this.metrics.candlesPublished(candles.map(({ closeTime }) => Math.max(0, now - closeTime)));
    const newest = Math.max(this.lastMinute.get(symbol) ?? 0, ...candles.map(({ openTime }) => openTime));
    if (newest === 0) return;
    this.lastMinute.set(symbol, newest);
    this.metrics.minute(symbol, newest);
  }

  exchangeStatus(symbol: string, status: string): void {
    this.exchangeStatuses.set(symbol, status);
  }

  /** These symbols are captured no longer. */
  forget(symbols: readonly string[]): void {
    for (const known of [this.exchangeStatuses, this.lastPoll, this.lastMinute]) {
      for (const symbol of symbols) known.delete(symbol);
    }
  }

  candleState(state: CandleState, detail = ''): void {
    this.candles = { state, detail };
  }

  /** Why the exchange's time could not be read; empty when it could. */
  clockRefused(reason: string): void {
    this.clockRefusal = reason;
  }

  /** How the local clock stands to the exchange's. */
  clockState(): ClockState {
    return clockStateOf(this.alignment, this.clockRefusal);
  }

  /** The same with its figures, as JSON. */
  clockPart(): CaptureSnapshot['clock'] {
    const reading = this.alignment.offset();
    return {
      ...this.clockState(),
      offset_ms: reading ? Math.round(reading.offset / MILLISECOND) : null,
      measured_seconds_ago: reading ? Math.floor(reading.age / SECOND) : null,
      time_of: this.alignment.followsExchange ? 'exchange' : 'local',
      exchange_time: reading ? formatEventTime(this.alignment.exchangeNow()) : null,
    };
  }

  /** Whether this process is the one that keeps the history from now on. */
  historyKept(isKept: boolean): void {
    this.keepsHistory = isKept;
  }

  /** Where to ask how the first backfill stands. */
  backfillReportsBy(progress: () => BackfillProgress): void {
    this.backfill = progress;
  }

  /** Where to ask how scheduled backups stand. */
  backupReportsBy(snapshot: () => BackupSnapshot): void {
    this.backups = snapshot;
  }

  /** What there is to say of backups, one readable line each. */
  backupNotes(): string[] {
    return [this.backups()?.note ?? ''].filter(Boolean);
  }

  /** Why capture is not doing its work; empty when it is: for `/readyz`. */
  problem(): string {
    return this.storeProblem() || this.pollProblem();
  }

  /** Why the store takes nothing of what is captured; empty when it does, or is catching up. */
  sinkFault(): string {
    const { detail } = this.publisher?.status() ?? NOTHING_WAITS;
    const isTaken = this.faults.refused === null && detail === '' && this.store?.readiness().ready !== false;
    return isTaken ? '' : this.storeProblem();
  }

  /** Why the exchange gives nothing; empty when it answers, or has not been asked yet: for `/readyz`. */
  exchangeFault(): string {
    return exchangeProblem(this.exchange.status());
  }

  private storeProblem(): string {
    if (this.faults.refused !== null) return this.faults.refused;
    const { waitingEvents, detail } = this.publisher?.status() ?? NOTHING_WAITS;
    const { reason } = this.store?.readiness() ?? STORE_READY;
    if (waitingEvents === 0) return reason;
    if (reason !== '' && !(detail !== reason && detail.includes(reason))) {
      return healthReason`${reason}; ${waitingEvents} events wait in the spool`;
    }
    return healthReason`${waitingEvents} events wait in the spool: ${detail || 'being handed on'}`;
  }

  /** What could not be read of the spool lately; it is listed for as long as the files are kept. */
  private spoolProblem(): string {
    const since = this.clock.realNow() - LOSS_DEGRADES_FOR;
    const recent = this.publisher?.status().unreadable.filter(({ noticedAt }) => noticedAt > since) ?? [];
    return recent.map(describeUnreadable).join('; ');
  }

  private pollProblem(): string {
    if (!this.captures('tickers')) return '';
    const age = this.clock.monotonicNow() - (this.polledAt ?? this.beganAt);
    if (this.poll.lastAt === null) return this.poll.detail || healthReason`the first poll has not been answered yet`;
    const late = Math.max(LATE_AT_LEAST, LATE_INTERVALS * this.options.pollIntervalSeconds * SECOND);
    return age > late ? healthReason`the last poll was ${Math.floor(age / SECOND)} s ago: ${this.poll.detail}` : '';
  }

  /** What keeps the last pass over the minutes from bringing them all; empty when it is the exchange. */
  private candleProblem(): string {
    return this.candles.detail === '' ? '' : healthReason`minutes are behind: ${this.candles.detail}`;
  }

  /** Everything as one JSON-able object. */
  snapshot(): CaptureSnapshot {
    const exchange = this.exchange.status();
    const clock = this.clockState();
    const offset = this.alignment.offset()?.offset ?? null;
    const ofExchange = [exchangeProblem(exchange), this.refusals.problem()].filter(Boolean).join('; ');
    const ofClock = clock.state === 'corrected' ? clock.detail : '';
    const problem = [
      this.storeProblem(),
      ofExchange || this.pollProblem(),
      this.candleProblem(),
      this.leftOut.problem(),
      this.captured.problem(),
      this.spoolProblem(),
      ofClock,
    ]
      .filter(Boolean)
      .join('; ');
    // A process that neither captures nor keeps the history has nothing to ask.
    const isAsking = this.options.half !== 'history' || this.keepsHistory;
    const unasked = isAsking && exchange.state === 'unknown' ? healthReason`the exchange has not answered yet` : '';
    return {
      state: problem === '' && unasked === '' ? 'ok' : 'degraded',
      problem: problem || unasked,
      notes: [
        ...(ofClock === '' && clock.detail !== '' ? [clock.detail] : []),
        ...(this.store?.notes() ?? []),
        ...this.backupNotes(),
        ...this.captured.notes(),
      ],
      refused: this.faults.refused,
      capture: [...this.options.capture],
      exchange: {
        state: exchange.state,
        detail: exchange.detail,
        host: exchange.host,
        origin: exchange.origin,
        last_answer_at: timeOrNull(exchange.lastAnswerAt),
        blocked_until: timeOrNull(exchange.blockedUntil),
        used_weight: exchange.usedWeight,
        weight_limit: exchange.weightLimit,
      },
      publisher: this.publisher ? publisherPart(this.publisher.status()) : null,
      tickers: {
        state: this.tickerState(),
        detail: this.poll.detail,
        last_poll_at: timeOrNull(this.poll.lastAt),
      },
      candles: {
        ...this.candles,
        clock_skew_ms: offset === null ? null : Math.round(offset / MILLISECOND),
      },
      clock: this.clockPart(),
      backfill: this.keepsHistory ? backfillPart(this.backfill()) : null,
      backups: this.backups(),
      refusals: this.refusals.list().map(refusalPart),
      left_out: this.leftOut.list().slice(0, MOST_LEFT_OUT).map(leftOutPart),
      jobs: this.jobs?.reports() ?? [],
      unknown_symbols: this.unknownSymbols(),
      symbols: this.captured.list.map((symbol) => ({
        symbol,
        status: this.exchangeStatuses.get(symbol) ?? UNKNOWN_STATUS,
        last_poll_at: timeOrNull(this.lastPoll.get(symbol)),
        last_minute: timeOrNull(this.lastMinute.get(symbol)),
      })),
    };
  }

  /** Configured symbols that the exchange says it does not know. */
  private unknownSymbols(): string[] {
    const unknown = this.refusals.list().filter(({ failure }) => failure === 'unknown_symbol');
    const named = new Set(unknown.flatMap(({ symbols }) => symbols));
    return this.captured.list.filter((symbol) => named.has(symbol));
  }

  /** Whether this process captures it live. */
  private captures(kind: CaptureKind): boolean {
    return this.options.half !== 'history' && this.options.capture.includes(kind);
  }

  private tickerState(): TickerState {
    if (!this.captures('tickers')) return 'off';
    const { outcome } = this.poll;
    return outcome === 'ok' || outcome === 'starting' || outcome === 'refused' ? outcome : 'failing';
  }
}

/** That the exchange is away, in words; empty when it is not, or has not been asked yet. */
function exchangeProblem({ state, detail }: ExchangeStatus): string {
  if (state === 'ok' || state === 'unknown') return '';
  const said = healthReason`the exchange is ${state.replace('_', ' ')} (${detail}); capture goes on trying`;
  return state === 'unreachable' ? `${said}; \`make demo\` runs without a network` : said;
}

function refusalPart({ retryAt, since, ...refusal }: Refusal): CaptureSnapshot['refusals'][number] {
  return { ...refusal, since: formatMillisTime(since), retry_at: formatMillisTime(retryAt) };
}

function leftOutPart({ symbol, start, end, detail, retryAt }: LeftOutNotice): CaptureSnapshot['left_out'][number] {
  return {
    symbol,
    start: formatMillisTime(start),
    end: formatMillisTime(end),
    reason: detail,
    retry_at: formatMillisTime(retryAt),
  };
}

function publisherPart({
  waitingEvents,
  waitingBytes,
  detail,
  lost,
  unreadable,
  kinds,
}: PublisherStatus): CaptureSnapshot['publisher'] {
  return {
    waiting_events: waitingEvents,
    waiting_bytes: waitingBytes,
    detail,
    lost: lost.map(({ kind, symbol, from, to, events }) => ({
      kind,
      symbol,
      from: formatMillisTime(from),
      to: formatMillisTime(to),
      events,
    })),
    unreadable_lines: unreadable.map(({ file, firstLine, lines, noticedAt, reason }) => ({
      file,
      first_line: firstLine,
      lines,
      noticed_at: formatMillisTime(noticedAt),
      reason,
    })),
    kinds: kinds.map((part) => ({
      kind: part.kind,
      waiting_events: part.waitingEvents,
      waiting_bytes: part.waitingBytes,
      detail: part.detail,
    })),
  };
}

function describeUnreadable({ file, firstLine, lines, reason }: LostLines): string {
  const which = lines === 1 ? `line ${firstLine}` : `${lines} lines from line ${firstLine} on`;
  return healthReason`${which} of ${file} in INGEST_STATE_DIR could not be read (${reason}); the file is kept for you to look at`;
}

function backfillPart(progress: BackfillProgress): CaptureSnapshot['backfill'] {
  return {
    state: progress.state,
    symbols_done: progress.symbolsDone,
    symbols_total: progress.symbolsTotal,
    minutes_done: progress.minutesDone,
    minutes_total: progress.minutesTotal,
    rows: progress.rows,
    percent: percentOf(progress),
    eta_seconds: progress.etaSeconds,
  };
}

function timeOrNull(time: EpochMicros | null | undefined): string | null {
  return time === null || time === undefined ? null : formatMillisTime(time);
}

/** Whole percent, rounded down. */
export function percentOf({ state, minutesDone, minutesTotal }: BackfillProgress): number {
  if (minutesTotal === 0) return state === 'done' ? 100 : 0;
  return Math.min(100, Math.floor((100 * minutesDone) / minutesTotal));
}
