import { EventSink, type EventBatch, type SinkResult } from '@app/domain';
import type { MetricsRegistry } from '@app/observability';
import type { BronzeArchive } from '../bronze/bronze-archive';
import type { OriginGuard } from '../database/origin-guard';
import type { WriteQueue } from '../database/write-queue';
import { checkEvent, type EventWriter } from './event-writer';
import { SinkOutcomes } from './sink-outcomes';

/** Most events of one write transaction: it stays well under 200 ms, so that other processes get their turn. */
export const UNIT_SIZE = 2_000;

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
    for (let start = 0; start < batch.events.length; start += UNIT_SIZE) {
      const events = batch.events.slice(start, start + UNIT_SIZE).map(({ kind, value }) => checkEvent(kind, value));
      const result = await this.queue.run(
        () => {
          this.archive.beginUnit();
          this.origin.claim(batch.origin);
          return this.writer.write(events, null);
        },
        {
          undo: () => {
            this.archive.undo();
          },
        },
      );
      total.taken += result.taken;
      total.repeats += result.repeats;
      total.revisions += result.revisions;
      this.outcomes.add(result);
    }
    return total;
  }
}
