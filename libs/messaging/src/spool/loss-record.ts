import { EVENT_KINDS, type LostSpan, type OutgoingEvent } from '@app/domain';

/** What was given up so far, one span per kind and symbol. */
export class LossRecord {
  private readonly bySubject = new Map<string, LostSpan>();

  constructor(spans: Iterable<LostSpan> = []) {
    for (const span of spans) this.add(span);
  }

  addEvent({ kind, symbol, capturedAt }: OutgoingEvent): void {
    this.add({ kind, symbol, from: capturedAt, to: capturedAt, events: 1 });
  }

  spans(): LostSpan[] {
    return [...this.bySubject.values()];
  }

  private add(span: LostSpan): void {
    const subject = `${span.kind} ${span.symbol}`;
    const known = this.bySubject.get(subject);
    this.bySubject.set(
      subject,
      known
        ? {
            ...known,
            from: Math.min(known.from, span.from),
            to: Math.max(known.to, span.to),
            events: known.events + span.events,
          }
        : span,
    );
  }
}

/** Keeps the readable spans of what was stored; what is unreadable cannot be counted any more. */
export function readLostSpans(stored: unknown): LostSpan[] {
  if (!Array.isArray(stored)) return [];
  return (stored as Readonly<Record<string, unknown>>[]).filter(
    (span): span is LostSpan & Record<string, unknown> =>
      (EVENT_KINDS as readonly unknown[]).includes(span['kind']) &&
      typeof span['symbol'] === 'string' &&
      [span['from'], span['to'], span['events']].every((value) => Number.isSafeInteger(value)),
  );
}
