import type { Change, CheckedEvent, SinkResult } from '@app/domain';

/** What a writer makes of the events of its kind. */
export interface KindOutcome {
  /** Of each event, in the order given. */
  readonly outcomes: readonly ('taken' | 'repeat' | 'revision')[];
  /**
   * Of each event, whether its line belongs into bronze. A capture that only repeats is kept too where revisions are, for
   * what is stored must follow from bronze and what was fetched: without its line, a database made anew would lack it.
   */
  readonly kept: readonly boolean[];
  /** Repeats that were kept without a line, by an earlier version of this program, and are versions now. */
  readonly promoted: readonly CheckedEvent[];
  /** What the change feed tells of it. */
  readonly changes: readonly Change[];
}

/** Takes the events of one kind into its tables. Inside write units only. */
export interface KindWriter<Event = unknown> {
  write(events: readonly CheckedEvent<Event>[]): KindOutcome;
}

/** What became of the events of a unit, kind by kind. */
export interface WrittenEvents {
  readonly result: SinkResult;
  /** The events whose lines belong into bronze: of each kind those that were promoted, and then those of the unit. */
  readonly kept: readonly CheckedEvent[];
  /** Of these, the ones that were taken or revise. */
  readonly accepted: readonly CheckedEvent[];
  readonly changes: readonly Change[];
}

/** Events of one kind in a unit, and what became of them. */
interface KindEvents {
  readonly events: CheckedEvent[];
  outcome: KindOutcome | undefined;
}

const RESULTS = { taken: 'taken', repeat: 'repeats', revision: 'revisions' } as const;

/** Takes events into tables, those of each kind by the writer of that kind. Inside write units only. */
export class EventRows {
  /** Writers by the names of the kinds, in the order in which they write. */
  constructor(private readonly writers: ReadonlyMap<string, KindWriter>) {}

  write(events: readonly CheckedEvent[]): WrittenEvents {
    const groups = this.groupsOf(events);
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const kept: CheckedEvent[] = [];
    const accepted: CheckedEvent[] = [];
    const changes: Change[] = [];
    for (const [name, writer] of this.writers) {
      const group = groups.get(name);
      if (!group) continue;
      group.outcome = writer.write(group.events);
      changes.push(...group.outcome.changes);
    }
    for (const { events: own, outcome } of groups.values()) {
      if (!outcome) continue;
      kept.push(...outcome.promoted);
      accepted.push(...outcome.promoted);
      for (const [index, event] of own.entries()) {
        const became = outcome.outcomes[index] ?? 'repeat';
        result[RESULTS[became]] += 1;
        if (outcome.kept[index]) kept.push(event);
        if (became !== 'repeat') accepted.push(event);
      }
    }
    return { result, kept, accepted, changes };
  }

  /** The events of each kind, in the order in which the kinds appear. */
  private groupsOf(events: readonly CheckedEvent[]): ReadonlyMap<string, KindEvents> {
    const groups = new Map<string, KindEvents>();
    for (const event of events) {
      const { name } = event.kind;
      const group = groups.get(name);
      if (group) group.events.push(event);
      else if (this.writers.has(name)) groups.set(name, { events: [event], outcome: undefined });
      else throw new Error(`nothing writes events of the kind ${name}`);
    }
    return groups;
  }
}
