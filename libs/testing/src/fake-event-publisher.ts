import {
  EventPublisher,
  OriginMismatchError,
  type EventBatch,
  type OutgoingEvent,
  type PublisherStatus,
} from '@app/domain';

/** Remembers what it was given. */
export class FakeEventPublisher extends EventPublisher {
  readonly batches: EventBatch[] = [];
  /** Thrown instead of taking a batch: nothing else may be thrown. */
  fault: OriginMismatchError | undefined;
  current: PublisherStatus = { waitingEvents: 0, waitingBytes: 0, detail: '', lost: [], unreadable: [], kinds: [] };
  /** Called with each batch that is taken. */
  onPublish: (batch: EventBatch) => void | Promise<void> = () => undefined;

  private origin: string | undefined;

  get events(): OutgoingEvent[] {
    return this.batches.flatMap(({ events }) => events);
  }

  async publish(batch: EventBatch): Promise<void> {
    await Promise.resolve();
    if (this.fault) throw this.fault;
    if (batch.events.length > 0) this.origin ??= batch.origin;
    if (this.origin !== undefined && this.origin !== batch.origin) {
      throw new OriginMismatchError('the store', this.origin, batch.origin);
    }
    this.batches.push(batch);
    await this.onPublish(batch);
  }

  status(): PublisherStatus {
    return this.current;
  }
}
