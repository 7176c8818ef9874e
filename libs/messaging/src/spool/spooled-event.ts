import { EVENT_KINDS, type EventKind, type OutgoingEvent } from '@app/domain';

/** An event on its way, with the origin that its batch had. */
export interface SpooledEvent extends OutgoingEvent {
  readonly origin: string;
}

/** The event as one line: JSON, ended by a line feed; a line feed inside the event is escaped by JSON. */
export function serializeSpooledEvent(event: SpooledEvent): string {
  const { origin, kind, symbol, capturedAt, value } = event;
  return `${JSON.stringify({ origin, kind, symbol, captured_at: capturedAt, value })}\n`;
}

/** Reads one line without its line feed; undefined for anything that this program did not write. */
export function parseSpooledEvent(line: string): SpooledEvent | undefined {
  let object: Readonly<Record<string, unknown>>;
  try {
    object = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { origin, kind, symbol, captured_at: capturedAt, value } = object;
  if (typeof origin !== 'string' || typeof symbol !== 'string' || typeof value !== 'string') return undefined;
  if (typeof capturedAt !== 'number' || !(EVENT_KINDS as readonly unknown[]).includes(kind)) return undefined;
  return { origin, kind: kind as EventKind, symbol, capturedAt, value };
}
