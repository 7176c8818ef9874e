import type { EventKind } from './event-kind';

/** An event that has passed its contract, together with the line that bronze holds. */
export interface CheckedEvent<Event = unknown> {
  readonly kind: EventKind<Event>;
  readonly line: string;
  readonly event: Event;
}

/** Checks one line against the contract of its kind. @throws ContractViolationError */
export function checkEvent<Event>(kind: EventKind<Event>, line: string): CheckedEvent<Event> {
  return { kind, line, event: kind.parse(line) };
}

/** An event whose own line is not at hand. */
export function eventToWrite<Event>(kind: EventKind<Event>, event: Event): CheckedEvent<Event> {
  return { kind, line: JSON.stringify(kind.toContract(event)), event };
}
