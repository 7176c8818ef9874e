import type { EventBatch } from '@app/domain';

/** Where a publisher hands its events: the broker, or the sink of the same process. */
export interface EventTarget {
  /** As messages name it. */
  readonly name: string;

  /**
   * Takes the batch; when it resolves, the events are safe there. A batch that failed may be offered again.
   * @throws ContractViolationError when an event can never be taken (nothing of the batch counts as taken)
   * @throws OriginMismatchError when data of this origin may not be mixed in
   */
  take(batch: EventBatch): Promise<unknown>;
}
