import {
  CANDLE_KIND,
  checkEvent,
  eventKinds,
  EventSink,
  OriginMismatchError,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type EventBatch,
  type MinuteCandle,
  type OutgoingEvent,
  type SinkResult,
} from '@app/domain';
import { firstCapture, placeCapture, type KnownMinute, type VersionOutcome } from '@app/history';

type Outcome = Pick<VersionOutcome, 'fate' | 'isKept'>;

const RESULTS = { taken: 'taken', repeat: 'repeats', revision: 'revisions' } as const;

/** Takes everything into memory, once; fails as it is told. */
export class FakeEventSink extends EventSink {
  /** Every batch offered, taken or not. */
  readonly offered: EventBatch[] = [];
  /** Events whose lines bronze would hold, in the order in which they were taken. */
  readonly taken: OutgoingEvent[] = [];
  /** Looks at a batch before it is taken: the error that it returns is thrown, nothing of the batch is taken. */
  fault: (batch: EventBatch) => Error | undefined = () => undefined;
  /** Awaited before each batch is taken. */
  gate: Promise<unknown> = Promise.resolve();
  private readonly kinds = eventKinds('crypto_prices');
  private readonly keys = new Set<string>();
  /** What is kept of each minute, by its key. */
  private readonly minutes = new Map<string, KnownMinute>();
  private origin: string | undefined;

  async take(batch: EventBatch): Promise<SinkResult> {
    this.offered.push(batch);
    await this.gate;
    const error = this.fault(batch);
    if (error) throw error;
    const result = { taken: 0, repeats: 0, revisions: 0 };
    for (let start = 0; start < batch.events.length; start += SINK_UNIT_EVENTS) {
      const unit = batch.events.slice(start, start + SINK_UNIT_EVENTS);
      const checked = unit.map(({ kind, value }) => checkEvent(this.kinds.named(kind), value));
      this.claim(batch.origin);
      for (const [index, event] of unit.entries()) {
        const { fate, isKept } = this.outcomeOf(checked[index]!);
        result[RESULTS[fate]] += 1;
        if (isKept) this.taken.push(event);
      }
    }
    return result;
  }

  private claim(origin: string): void {
    this.origin ??= origin;
    if (this.origin !== origin) throw new OriginMismatchError('STORAGE_PATH', this.origin, origin);
  }

  private outcomeOf({ kind, event }: CheckedEvent): Outcome {
    const key = JSON.stringify([kind.name, kind.keyOf(event)]);
    if (kind.name === CANDLE_KIND.name) return this.capture(key, event as MinuteCandle);
    const isNew = !this.keys.has(key);
    this.keys.add(key);
    return { fate: isNew ? 'taken' : 'repeat', isKept: isNew };
  }

  private capture(key: string, candle: MinuteCandle): Outcome {
    const known = this.minutes.get(key);
    if (!known) {
      this.minutes.set(key, { versions: [candle], repeats: [] });
      return firstCapture(candle, 1);
    }
    const { outcome, minute } = placeCapture(candle, known, 1);
    if (minute) {
      const versions = minute.versions.map(({ capture }) => capture);
      this.minutes.set(key, { versions, repeats: minute.repeats });
    }
    return outcome;
  }
}
