import type { BronzeUnit } from '@app/bronze';
import type { Change, CheckedEvent, SinkResult, SourcePartition } from '@app/domain';
import { COUNTED_AS, runUnit, type EventsOutcome, type KindOutcome, type Rows, type Unit } from '@app/history';
import { LIVE_FEED, NO_FEED, partitionFeed, type ChangeFeedWriter } from '../feed/change-feed.writer';
import type { ContradictionCounter } from './contradiction-counter';

/** Takes the events of one kind into its tables. Inside write units only. */
export interface KindWriter<Event = unknown> {
  write(events: readonly CheckedEvent<Event>[]): KindOutcome;
}

/** Writes events of a kind whose rules are a unit over rows. */
export class UnitKindWriter<Event> implements KindWriter<Event> {
  constructor(
    private readonly rows: Rows,
    private readonly unitOf: (events: readonly Event[]) => Unit<KindOutcome>,
  ) {}

  write(events: readonly CheckedEvent<Event>[]): KindOutcome {
    return runUnit(this.rows, this.unitOf(events.map(({ event }) => event)));
  }
}

/** Writers by the names of their kinds, in the order in which they write. */
export type KindWriters = ReadonlyMap<string, KindWriter>;

/** Events of one kind in a unit, and what became of them. */
interface KindEvents {
  readonly events: CheckedEvent[];
  outcome: KindOutcome | undefined;
}

/** Writes events to their tables, and the lines of those that are kept to bronze. Inside write units only. */
export class EventWriter {
  /** A store without readers has no feed; one that is given no new events counts no contradictions. */
  constructor(
    private readonly writers: KindWriters,
    private readonly feed: ChangeFeedWriter = NO_FEED,
    private readonly contradictions?: ContradictionCounter,
  ) {}

  /**
   * Rows first, those of each kind by the writer of that kind, then the lines, flushed: of each kind those that were
   * promoted, and then those of the unit. Rows only where there is no `bronze`: for lines that are in bronze already.
   */
  write(events: readonly CheckedEvent[], source: SourcePartition, bronze?: BronzeUnit): SinkResult {
    const groups = new Map<string, KindEvents>();
    for (const event of events) {
      const { name } = event.kind;
      const group = groups.get(name);
      if (group) group.events.push(event);
      else if (this.writers.has(name)) groups.set(name, { events: [event], outcome: undefined });
      else throw new Error(`nothing writes events of the kind ${name}`);
    }
    const changes: Change[] = [];
    for (const [name, writer] of this.writers) {
      const group = groups.get(name);
      if (!group) continue;
      group.outcome = writer.write(group.events);
      changes.push(...group.outcome.changes);
    }
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const kept: CheckedEvent[] = [];
    /** Of these, the ones that were promoted, taken or revise. */
    const accepted: CheckedEvent[] = [];
    for (const { events: own, outcome } of groups.values()) {
      if (!outcome) continue;
      kept.push(...outcome.promoted);
      accepted.push(...outcome.promoted);
      for (const [index, event] of own.entries()) {
        const became = outcome.outcomes[index] ?? 'repeat';
        result[COUNTED_AS[became]] += 1;
        if (outcome.kept[index]) kept.push(event);
        if (became !== 'repeat') accepted.push(event);
      }
    }
    const feed = source === null ? LIVE_FEED : partitionFeed(source.topic, source.partition);
    this.tell({ kept, accepted, changes }, feed, bronze, source?.partition ?? null);
    return result;
  }

  /**
   * Writes down what events leave behind besides their rows. Nothing is counted of events whose lines are in bronze already:
   * it was when they came.
   */
  tell(
    { kept, accepted, changes }: EventsOutcome,
    feed: string,
    bronze?: BronzeUnit,
    partition: number | null = null,
  ): void {
    if (bronze) {
      bronze.appendEvents(kept, partition);
      for (const { kind, event } of accepted) if (kind.contradictions) this.contradictions?.count(kind, event);
    }
    for (const change of changes) this.feed.note(feed, change);
  }
}
