import type { ClockState, ExchangeStatus } from '@app/domain';
import type { JobReport } from '@app/jobs';

export type TickerState = 'off' | 'starting' | 'ok' | 'failing' | 'refused';

/** How scheduled backups stand. */
export interface BackupSnapshot {
  /** Of the newest whole backup; null for none. */
  readonly newest_at: string | null;
  readonly is_running: boolean;
  readonly last_failure: { readonly at: string; readonly reason: string } | null;
  /** One readable line; empty when there is nothing to say. */
  readonly note: string;
}

/** What a capturing process says of itself, as JSON; times are UTC to the millisecond, or null. */
export interface CaptureSnapshot {
  readonly state: 'ok' | 'degraded';
  /** One readable line; empty when all is well. */
  readonly problem: string;
  /** What else there is to say, one readable line each; none of it is a fault. */
  readonly notes: readonly string[];
  /** Why the store refuses data of this origin; null while it does not. */
  readonly refused: string | null;
  readonly capture: readonly string[];
  readonly exchange: {
    readonly state: ExchangeStatus['state'];
    readonly detail: string;
    readonly host: string;
    readonly origin: string | null;
    readonly last_answer_at: string | null;
    readonly blocked_until: string | null;
    readonly used_weight: number;
    readonly weight_limit: number;
  };
  /** Null in a process that only does the history. */
  readonly publisher: {
    readonly waiting_events: number;
    readonly waiting_bytes: number;
    readonly detail: string;
    readonly lost: readonly {
      readonly kind: string;
      readonly symbol: string;
      readonly from: string;
      readonly to: string;
      readonly events: number;
    }[];
    /** Lines of the spool that could not be read; an event each that is lost. */
    readonly unreadable_lines: readonly {
      readonly file: string;
      readonly first_line: number;
      readonly lines: number;
      readonly noticed_at: string;
      readonly reason: string;
    }[];
    /** With a broker, what waits of each kind of events; empty where all wait together. */
    readonly kinds: readonly {
      readonly kind: string;
      readonly waiting_events: number;
      readonly waiting_bytes: number;
      readonly detail: string;
    }[];
  } | null;
  readonly tickers: { readonly state: TickerState; readonly detail: string; readonly last_poll_at: string | null };
  readonly candles: {
    readonly state: 'off' | 'starting' | 'ok' | 'failing' | 'unavailable';
    readonly detail: string;
    /** How far the exchange's clock is ahead of ours; null while unknown. */
    readonly clock_skew_ms: number | null;
  };
  readonly clock: ClockState & {
    /** How far the exchange's clock is ahead of the local one; null while unknown. */
    readonly offset_ms: number | null;
    /** Market seconds since the exchange's clock was read; null while it has not been. */
    readonly measured_seconds_ago: number | null;
    /** By which clock events are stamped and schedules run. */
    readonly time_of: 'local' | 'exchange';
    /** The exchange's time now, to the microsecond; null while it is not known. */
    readonly exchange_time: string | null;
  };
  /** Null in a process that does not keep the history. */
  readonly backfill: {
    readonly state: 'waiting' | 'running' | 'done';
    readonly symbols_done: number;
    readonly symbols_total: number;
    readonly minutes_done: number;
    readonly minutes_total: number;
    readonly rows: number;
    readonly percent: number;
    readonly eta_seconds: number | null;
  } | null;
  /** Null where none are scheduled. */
  readonly backups: BackupSnapshot | null;
  /** What the exchange refuses at present; no symbols: it refuses all of them. */
  readonly refusals: readonly {
    readonly asked: string;
    readonly symbols: readonly string[];
    readonly failure: string;
    readonly reason: string;
    readonly since: string;
    readonly retry_at: string;
  }[];
  /** Minutes whose rows break the contract, the first of them: they are missing until they are given otherwise. */
  readonly left_out: readonly {
    readonly symbol: string;
    readonly start: string;
    readonly end: string;
    readonly reason: string;
    readonly retry_at: string;
  }[];
  /** The background jobs of the process; none of a command. */
  readonly jobs: readonly JobReport[];
  readonly unknown_symbols: readonly string[];
  readonly symbols: readonly {
    readonly symbol: string;
    readonly status: string;
    readonly last_poll_at: string | null;
    readonly last_minute: string | null;
  }[];
}
