import { EventSink, OriginMismatchError, type EventBatch, type OutgoingEvent, type SinkResult } from '@app/domain';

/** Takes everything into memory, once; fails as it is told. */
export class FakeEventSink extends EventSink {
  /** Every batch offered, taken or not. */
  readonly offered: EventBatch[] = [];
  /** Distinct events in the order in which they were first taken. */
  readonly taken: OutgoingEvent[] = [];
  /** Looks at a batch before it is taken: the error that it returns is thrown, nothing of the batch is taken. */
  fault: (batch: EventBatch) => Error | undefined = () => undefined;
  /** Awaited before each batch is taken. */
  gate: Promise<unknown> = Promise.resolve();
  private readonly values = new Set<string>();
  private origin: string | undefined;

  async take(batch: EventBatch): Promise<SinkResult> {
    this.offered.push(batch);
    await this.gate;
    const error = this.fault(batch);
    if (error) throw error;
    this.origin ??= batch.origin;
    if (this.origin !== batch.origin) throw new OriginMismatchError('STORAGE_PATH', this.origin, batch.origin);
    const fresh = batch.events.filter(({ value }) => !this.values.has(value));
    for (const event of fresh) {
      this.values.add(event.value);
      this.taken.push(event);
    }
    return { taken: fresh.length, repeats: batch.events.length - fresh.length, revisions: 0 };
  }
}
