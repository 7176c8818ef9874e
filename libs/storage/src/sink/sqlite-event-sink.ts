import {
  checkEvent,
  EventSink,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type EventBatch,
  type EventKinds,
  type SinkResult,
} from '@app/domain';
import type { StoreParts } from '../store-parts';
import type { SinkOutcomes } from './sink-outcomes';

/** A store that takes events. */
export interface SinkStore {
  readonly parts: Pick<StoreParts, 'units' | 'origin' | 'writer'>;
  readonly outcomes: SinkOutcomes;
}

/** Whoever has such a store open, which may be closed and opened again. */
export interface SinkStoreKeeper {
  /** @throws StoreNotReadyError while none is open */
  readonly current: SinkStore;
  /** What an error of the store says, for whoever asked for it. */
  explain(error: unknown): unknown;
}

/** Takes events in direct mode: rows, roll-ups, ledger and bronze lines of a unit become true in one step. */
export class SqliteEventSink extends EventSink {
  constructor(
    private readonly keeper: SinkStoreKeeper,
    private readonly kinds: EventKinds,
  ) {
    super();
  }

  async take(batch: EventBatch): Promise<SinkResult> {
    try {
      const { parts, outcomes } = this.keeper.current;
      const total = { taken: 0, repeats: 0, revisions: 0 };
      for (let start = 0; start < batch.events.length; start += SINK_UNIT_EVENTS) {
        const unit = batch.events.slice(start, start + SINK_UNIT_EVENTS);
        const events = unit.map(({ kind: name, value, event }): CheckedEvent => {
          const kind = this.kinds.named(name);
          // What has been in a spool comes as its line alone.
          return event === undefined ? checkEvent(kind, value) : { kind, line: value, event };
        });
        const result = await parts.units.append((bronze) => {
          parts.origin.claim(batch.origin);
          return parts.writer.write(events, null, bronze);
        });
        total.taken += result.taken;
        total.repeats += result.repeats;
        total.revisions += result.revisions;
        outcomes.add(result);
      }
      return total;
    } catch (error) {
      throw this.keeper.explain(error);
    }
  }
}
