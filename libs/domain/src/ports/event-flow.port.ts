import type { EventKind } from '../contracts';
import { healthReason, type EpochMicros } from '../model';
import type { LostLines } from './readers.port';

/** One event on its way: its contract JSON on one line, under its symbol. */
export interface OutgoingEvent {
  /** Name of its kind. */
  readonly kind: string;
  readonly symbol: string;
  /** Contract JSON, byte for byte what bronze will hold. */
  readonly value: string;
  /** Time of capture, for loss accounting. */
  readonly capturedAt: EpochMicros;
  /** What the value says, as long as the event has not left the process that captured it: nobody has to parse it there. */
  readonly event?: unknown;
}

/** An event as it leaves capture. What it says has been checked, and is what its line says to the last digit. */
export function outgoingEvent<Event extends { readonly symbol: string }>(
  kind: EventKind<Event>,
  event: Event,
): OutgoingEvent {
  const value = JSON.stringify(kind.toContract(event));
  return { kind: kind.name, symbol: event.symbol, value, capturedAt: kind.capturedAt(event), event };
}

/** Events captured together, all from one origin. */
export interface EventBatch {
  readonly origin: string;
  readonly events: readonly OutgoingEvent[];
}

/** Events of a symbol that were given up because nothing could hold them any more: said, never silent. */
export interface LostSpan {
  readonly kind: string;
  readonly symbol: string;
  /** Times of capture of the first and of the last of them. */
  readonly from: EpochMicros;
  readonly to: EpochMicros;
  readonly events: number;
}

/** What waits of one kind of events, where each kind waits by itself. */
export interface KindWaiting {
  readonly kind: string;
  readonly waitingEvents: number;
  readonly waitingBytes: number;
  /** Why they wait; empty when nothing does. */
  readonly detail: string;
}

export interface PublisherStatus {
  /** Events waiting on disk and in memory for the sink or broker to come back. */
  readonly waitingEvents: number;
  readonly waitingBytes: number;
  /** Why they wait; empty when nothing does. */
  readonly detail: string;
  /** Any number of spans for each kind and symbol. */
  readonly lost: readonly LostSpan[];
  /** Lines of the spool that could not be read, an event each that is lost; one entry for each file. */
  readonly unreadable: readonly LostLines[];
  /** Empty where all kinds wait together. */
  readonly kinds: readonly KindWaiting[];
}

/** Hands events on: to the broker, or straight to the sink. */
export abstract class EventPublisher {
  /**
   * Resolves when the events are safe: taken by the sink or broker, or in the spool on disk; where the disk takes nothing,
   * when they are held in memory until it does. Order per symbol is the order of the calls. Rejects only for an origin that may not be mixed in ({@link OriginMismatchError}).
   */
  abstract publish(batch: EventBatch): Promise<void>;

  abstract status(): PublisherStatus;
}

export interface SinkResult {
  /** New rows. */
  readonly taken: number;
  /** Rows that were there already. */
  readonly repeats: number;
  /** Candles whose numbers changed. */
  readonly revisions: number;
}

/**
 * Most events of one write transaction of a sink: it stays well under 200 ms, so that other processes get their turn.
 */
export const SINK_UNIT_EVENTS = 2_000;

/** Where events end: bronze and database in one step. */
export abstract class EventSink {
  /**
   * Takes the batch in units of at most 2,000 events; when it resolves, all of it is in bronze and database, flushed.
   * @throws ContractViolationError when an event breaks its contract (nothing of its unit is taken)
   * @throws OriginMismatchError when the store holds data of another origin
   */
  abstract take(batch: EventBatch): Promise<SinkResult>;
}

/** Data of another origin is in the store: simulated data never mixes with real history. */
export class OriginMismatchError extends Error {
  readonly code = 'STORE.ORIGIN_MISMATCH';

  constructor(
    readonly store: string,
    readonly stored: string,
    readonly offered: string,
    /** What to use another of. */
    elsewhere = 'Point STORAGE_PATH and RAW_DIR to another place',
  ) {
    super(
      healthReason`${store} holds data of origin "${stored}"; data of origin "${offered}" is refused. ` +
        `${elsewhere}, or BINANCE_REST_URLS back to where the data came from.`,
    );
    this.name = 'OriginMismatchError';
  }
}
