import type { EpochMicros } from '../model';

/** What an event is about. A later capture of the same key is the same event again, or a revision of it. */
export interface EventKey {
  readonly symbol: string;
  /** The time that the event speaks of; where the exchange numbers the events of a symbol, their number. */
  readonly time: number;
  readonly source: string;
}

/** Says which events of a kind contradict themselves; they are kept as they came, and counted. */
export interface ContradictionRule<Event> {
  /** Metric that counts them, and its description. */
  readonly metric: string;
  readonly help: string;
  /** What contradicts what; empty where nothing does. */
  of(event: Event): readonly string[];
}

/**
 * A kind of events, as everything between capture and tables needs to know it. What is kept of its events, and in which
 * tables, is described by its history (`KindHistory` in `libs/history`).
 */
export interface EventKind<Event = unknown> {
  /** Names the kind in lines and folders of the spool, in labels of metrics and in remembered keys: it never changes. */
  readonly name: string;
  /** Topic of the broker, and stream of bronze files. */
  readonly topic: string;
  /** Reads a line; unknown extra keys are accepted. @throws ContractViolationError naming field, value and what is allowed */
  parse(line: string): Event;
  /** The fields of the event's contract, in order: as JSON they are its line. */
  toContract(event: Event): object;
  keyOf(event: Event): EventKey;
  /** Time of capture: it orders the events of a key, and its UTC day is the one of the bronze file. */
  capturedAt(event: Event): EpochMicros;
  /**
   * What two captures of a key have in common when the later one only repeats the earlier, and differ in when it is a
   * revision. Without it, a key is accepted once.
   */
  contentOf?(event: Event): string;
  readonly contradictions?: ContradictionRule<Event>;
}
