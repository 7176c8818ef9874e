import type { BronzeUnits } from '@app/bronze';
import {
  EventSink,
  incomingEvent,
  SINK_UNIT_EVENTS,
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
      const events = batch.events
        .slice(start, start + SINK_UNIT_EVENTS)
        .map((event) => incomingEvent(this.kinds, event));
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
