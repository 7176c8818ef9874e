import type { BronzeUnits } from '@app/bronze';
import {
  checkEvent,
  EventSink,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type EventBatch,
  type EventKinds,
  type SinkResult,
} from '@app/domain';
import type { MetricsRegistry } from '@app/observability';
import type { OriginGuard } from '../database/origin-guard';
import type { EventWriter } from './event-writer';
import { SinkOutcomes } from './sink-outcomes';

/** Takes events in direct mode: rows, roll-ups, ledger and bronze lines of a unit become true in one step. */
export class SqliteEventSink extends EventSink {
  private readonly outcomes: SinkOutcomes;

  constructor(
    private readonly units: BronzeUnits,
    private readonly origin: OriginGuard,
    private readonly writer: EventWriter,
    private readonly kinds: EventKinds,
    metrics: MetricsRegistry,
  ) {
    super();
    this.outcomes = new SinkOutcomes(metrics);
  }

  async take(batch: EventBatch): Promise<SinkResult> {
    const total = { taken: 0, repeats: 0, revisions: 0 };
    for (let start = 0; start < batch.events.length; start += SINK_UNIT_EVENTS) {
      const unit = batch.events.slice(start, start + SINK_UNIT_EVENTS);
      const events = unit.map(({ kind: name, value, event }): CheckedEvent => {
        const kind = this.kinds.named(name);
        // What has been in a spool comes as its line alone.
        return event === undefined ? checkEvent(kind, value) : { kind, line: value, event };
      });
      const result = await this.units.append((bronze) => {
        this.origin.claim(batch.origin);
        return this.writer.write(events, null, bronze);
      });
      total.taken += result.taken;
      total.repeats += result.repeats;
      total.revisions += result.revisions;
      this.outcomes.add(result);
    }
    return total;
  }
}
