import type { OutgoingEvent } from '@app/domain';

/** An event on its way, with the origin that its batch had; what it says has to be read from its value. */
export interface SpooledEvent extends Omit<OutgoingEvent, 'event'> {
  readonly origin: string;
}

export function spooledEvent(origin: string, { kind, symbol, capturedAt, value }: OutgoingEvent): SpooledEvent {
  return { origin, kind, symbol, capturedAt, value };
}

/** The event as one line: JSON, ended by a line feed; a line feed inside the event is escaped by JSON. */
export function serializeSpooledEvent(event: SpooledEvent): string {
  const { origin, kind, symbol, capturedAt, value } = event;
  return `${JSON.stringify({ origin, kind, symbol, captured_at: capturedAt, value })}\n`;
}

/** Reads one line without its line feed; undefined for anything that is no event of one of these kinds. */
export function parseSpooledEvent(line: string, kinds: readonly string[]): SpooledEvent | undefined {
  let object: Readonly<Record<string, unknown>>;
  try {
    object = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { origin, kind, symbol, captured_at: capturedAt, value } = object;
  if (typeof origin !== 'string' || typeof symbol !== 'string' || typeof value !== 'string') return undefined;
  if (typeof capturedAt !== 'number' || typeof kind !== 'string' || !kinds.includes(kind)) return undefined;
  return { origin, kind, symbol, capturedAt, value };
}
