import type { LostSpan, OutgoingEvent } from '@app/domain';

/** Beyond so many spans of a kind and symbol, its two oldest become one: a record that is bounded, and counts exactly. */
const SPANS_OF_SUBJECT = 10;

/** What was given up so far, per kind and symbol: one span for each time that nothing in between was handed on. */
export class LossRecord {
  private readonly bySubject = new Map<string, LostSpan[]>();
  private readonly open = new Set<string>();

  constructor(spans: Iterable<LostSpan> = []) {
    for (const span of spans) this.spansOf(subjectOf(span)).push(span);
  }

  addEvent(event: OutgoingEvent): void {
    const { kind, symbol, capturedAt } = event;
    const subject = subjectOf(event);
    const spans = this.spansOf(subject);
    const last = spans.at(-1);
    const lost = { kind, symbol, from: capturedAt, to: capturedAt, events: 1 };
    if (last && this.open.has(subject)) spans[spans.length - 1] = union(last, lost);
    else spans.push(lost);
    this.open.add(subject);
    if (spans.length > SPANS_OF_SUBJECT) spans.splice(0, 2, union(spans[0] ?? lost, spans[1] ?? lost));
  }

  /** Events were handed on: what is given up after this lies behind them, in a span of its own. */
  handedOn(): void {
    this.open.clear();
  }

  /** By kind and symbol, each with its spans in the order in which they were lost. */
  spans(): LostSpan[] {
    return [...this.bySubject.values()].flat();
  }

  /** The same as one span for each kind and symbol. */
  condensed(): LostSpan[] {
    return [...this.bySubject.values()].flatMap(([first, ...others]) => (first ? [others.reduce(union, first)] : []));
  }

  private spansOf(subject: string): LostSpan[] {
    const known = this.bySubject.get(subject);
    if (known) return known;
    const spans: LostSpan[] = [];
    this.bySubject.set(subject, spans);
    return spans;
  }
}

function subjectOf({ kind, symbol }: Pick<LostSpan, 'kind' | 'symbol'>): string {
  return `${kind} ${symbol}`;
}

function union(a: LostSpan, b: LostSpan): LostSpan {
  return { ...a, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to), events: a.events + b.events };
}

/** Keeps the readable spans of what was stored; what is unreadable cannot be counted any more. */
export function readLostSpans(stored: unknown): LostSpan[] {
  if (!Array.isArray(stored)) return [];
  return (stored as Readonly<Record<string, unknown>>[]).filter(
    (span): span is LostSpan & Record<string, unknown> =>
      typeof span['kind'] === 'string' &&
      typeof span['symbol'] === 'string' &&
      [span['from'], span['to'], span['events']].every((value) => Number.isSafeInteger(value)),
  );
}
