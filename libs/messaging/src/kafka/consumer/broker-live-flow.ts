import { LiveFlow, MINUTE, type Clock, type EpochMicros, type PartitionSink } from '@app/domain';
import type { Logger } from '@app/observability';
import type { KafkaBrokerView } from './kafka-broker-view';
import { partitionName } from './partition-name';

/** Real time between two looks at broker and store. */
const LOOK_EVERY_MS = 1_000;
/** When the store is further behind the broker than this, what it lacks may be on its way. */
const BEHIND: EpochMicros = 2 * MINUTE;

/** The ends of all partitions at a moment. */
interface Mark {
  /** On the monotonic counter: a clock that is set moves no mark. */
  readonly at: EpochMicros;
  readonly ends: ReadonlyMap<string, number>;
}

/**
 * How far the events of the broker have reached the store, over all consumers: the ends of the partitions are noted with
 * the time, and once the store has passed them, everything published before that time has been taken.
 */
export class BrokerLiveFlow extends LiveFlow {
  private mark: Mark | undefined;
  /** On the monotonic counter. */
  private reachedAt: EpochMicros | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(
    private readonly broker: KafkaBrokerView,
    private readonly sink: PartitionSink,
    private readonly topics: readonly string[],
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
  }

  start(): void {
    this.timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  reach(): EpochMicros | undefined {
    const age = this.age;
    return age === undefined ? undefined : this.clock.now() - age;
  }

  get waiting(): boolean {
    const age = this.age;
    return age === undefined || age > Math.max(BEHIND, this.lookInMarketTime);
  }

  /** One look: notes the ends, or compares the store with the ends noted before. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      this.mark ??= await this.ends();
      if (await this.isTaken(this.mark)) {
        this.reachedAt = this.mark.at;
        this.mark = undefined;
      }
    } catch (error) {
      this.logger.debug({ err: error }, 'the broker does not say where its partitions end');
    } finally {
      this.looking = false;
    }
  }

  /** How long ago everything had been taken that was published by then. */
  private get age(): EpochMicros | undefined {
    return this.reachedAt === undefined ? undefined : this.clock.monotonicNow() - this.reachedAt;
  }

  /** A fast clock of a simulated market passes many minutes between two looks. */
  private get lookInMarketTime(): EpochMicros {
    const realMillisOfMinute = this.clock.realMillisUntil(this.clock.now() + MINUTE);
    return realMillisOfMinute > 0 ? (3 * LOOK_EVERY_MS * MINUTE) / realMillisOfMinute : 0;
  }

  private async ends(): Promise<Mark> {
    const at = this.clock.monotonicNow();
    const ends = new Map<string, number>();
    for (const topic of this.topics) {
      for (const [partition, { earliest, latest }] of await this.broker.extents(topic)) {
        if (latest > earliest) ends.set(partitionName({ topic, partition }), latest);
      }
    }
    return { at, ends };
  }

  private async isTaken({ ends }: Mark): Promise<boolean> {
    const positions = await this.sink.positions(this.topics);
    const taken = new Map(positions.map((place) => [partitionName(place), place.nextOffset]));
    return [...ends].every(([target, end]) => (taken.get(target) ?? 0) >= end);
  }
}
