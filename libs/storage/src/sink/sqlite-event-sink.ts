import { EventSink, SINK_UNIT_EVENTS, type EventBatch, type SinkResult } from '@app/domain';
import type { MetricsRegistry } from '@app/observability';
import { runArchiveUnit } from '../bronze/archive-unit';
import type { BronzeArchive } from '../bronze/bronze-archive';
import type { OriginGuard } from '../database/origin-guard';
import type { WriteQueue } from '../database/write-queue';
import { checkEvent } from './checked-event';
import type { EventWriter } from './event-writer';
import { SinkOutcomes } from './sink-outcomes';

/** Takes events in direct mode: rows, roll-ups, ledger and bronze lines of a unit become true in one step. */
export class SqliteEventSink extends EventSink {
  private readonly outcomes: SinkOutcomes;

  constructor(
    private readonly queue: WriteQueue,
    private readonly origin: OriginGuard,
    private readonly archive: BronzeArchive,
    private readonly writer: EventWriter,
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
        .map(({ kind, value }) => checkEvent(kind, value));
      const result = await runArchiveUnit(this.queue, this.archive, () => {
        this.origin.claim(batch.origin);
        return this.writer.write(events, null);
      });
      total.taken += result.taken;
      total.repeats += result.repeats;
      total.revisions += result.revisions;
      this.outcomes.add(result);
    }
    return total;
  }
}
