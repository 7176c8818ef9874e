import { CANDLE_KIND } from './candle.contract';
import type { EventKind } from './event-kind';
import { PRICE_KIND } from './price-event.contract';

/** The kinds of events that an installation has, in the order in which it goes through them. */
export class EventKinds implements Iterable<EventKind> {
  private readonly byName: ReadonlyMap<string, EventKind>;
  private readonly byTopic: ReadonlyMap<string, EventKind>;

  constructor(kinds: Iterable<EventKind>) {
    const all = [...kinds];
    this.byName = new Map(all.map((kind) => [kind.name, kind]));
    this.byTopic = new Map(all.map((kind) => [kind.topic, kind]));
  }

  [Symbol.iterator](): Iterator<EventKind> {
    return this.byName.values();
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }

  get topics(): readonly string[] {
    return [...this.byTopic.keys()];
  }

  named(name: string): EventKind {
    const kind = this.byName.get(name);
    if (!kind) throw new Error(`no kind of events is called ${name}`);
    return kind;
  }

  /** A kind as this installation has it: its topic may have another name here. */
  of<Event>({ name }: EventKind<Event>): EventKind<Event> {
    return this.named(name) as EventKind<Event>;
  }

  /** The kind whose events a topic, or a stream of bronze files, has. */
  ofTopic(topic: string): EventKind | undefined {
    return this.byTopic.get(topic);
  }
}

/** All kinds; the price topic can be renamed (`TOPIC_NAME`). */
export function eventKinds(pricesTopic: string): EventKinds {
  return new EventKinds([{ ...PRICE_KIND, topic: pricesTopic }, CANDLE_KIND]);
}
