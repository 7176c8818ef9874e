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
  type PriceEvent,
  type SinkResult,
} from '@app/domain';
import { COUNTED_AS, minuteUnit, priceUnit, rollUpUnit, runUnit, type KindOutcome } from '@app/history';
import { MemoryRows } from './memory-rows';

/** What became of each event, in the order given. */
type Outcomes = Pick<KindOutcome, 'outcomes' | 'kept'>;

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
  private readonly rows = new MemoryRows();
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
      for (const name of new Set(unit.map(({ kind }) => kind))) {
        const own = unit.filter(({ kind }) => kind === name);
        const { outcomes, kept } = this.store(checked.filter(({ kind }) => kind.name === name));
        for (const became of outcomes) result[COUNTED_AS[became]] += 1;
        this.taken.push(...own.filter((_, index) => kept[index]));
      }
    }
    return result;
  }

  private claim(origin: string): void {
    this.origin ??= origin;
    if (this.origin !== origin) throw new OriginMismatchError('STORAGE_PATH', this.origin, origin);
  }

  /** Events of one kind, by the rules of the history. */
  private store(events: readonly CheckedEvent[]): Outcomes {
    if (events[0]?.kind.name !== CANDLE_KIND.name) {
      return runUnit(this.rows, priceUnit(events.map(({ event }) => event as PriceEvent)));
    }
    const { outcomes, kept, bySymbol } = runUnit(
      this.rows,
      minuteUnit(events.map(({ event }) => event as MinuteCandle)),
    );
    // By its day a minute is known to be new.
    runUnit(this.rows, rollUpUnit(bySymbol));
    return { outcomes, kept };
  }
}
