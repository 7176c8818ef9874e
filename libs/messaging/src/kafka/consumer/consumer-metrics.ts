import type { TopicPartition } from '@app/domain';
import { Counter, Gauge, type MetricsRegistry } from '@app/observability';
import type { ConsumerSnapshot } from './consumer-status';
import type { MessageUnit } from './message-unit';

/** What the consumer says of itself to Prometheus. */
export class ConsumerMetrics {
  private readonly takenTotal: Counter;
  private readonly withoutKeyTotal: Counter;
  private readonly deadLettersTotal: Counter<'topic'>;
  private readonly crashesTotal: Counter;
  private readonly incarnationsTotal: Counter<'topic'>;
  private readonly lostTotal: Counter<'topic'>;
  private readonly lag: Gauge<'topic' | 'partition'>;
  private readonly lastCommit: Gauge;
  private readonly up: Gauge;

  /** `status` is asked at each scrape, so that `/metrics` and `/health` never differ. */
  constructor(registry: MetricsRegistry, status: () => ConsumerSnapshot) {
    const registers = [registry];
    this.takenTotal = new Counter({
      name: 'csp_kafka_messages_taken_total',
      help: 'Messages handed to the sink and committed, repeats included.',
      registers,
    });
    this.withoutKeyTotal = new Counter({
      name: 'csp_kafka_messages_without_key_total',
      help: 'Valid messages that came without a key; they are taken.',
      registers,
    });
    new Counter({
      name: 'csp_kafka_consumer_retries_total',
      help: 'Units that failed, or could not be begun, and were tried again.',
      registers,
      collect() {
        this.reset();
        this.inc(status().retries);
      },
    });
    this.deadLettersTotal = new Counter({
      name: 'csp_kafka_dead_letters_total',
      help: 'Messages set aside, by the topic they came from.',
      labelNames: ['topic'],
      registers,
    });
    new Counter({
      name: 'csp_kafka_consumer_rebalances_total',
      help: 'Times the group shared out its partitions anew after this consumer had first joined it.',
      registers,
      collect() {
        this.reset();
        this.inc(status().rebalances);
      },
    });
    this.crashesTotal = new Counter({
      name: 'csp_kafka_consumer_crashes_total',
      help: 'Times the Kafka client gave up and was made anew.',
      registers,
    });
    this.incarnationsTotal = new Counter({
      name: 'csp_kafka_topic_incarnations_total',
      help: 'Partitions that were found made anew and taken from their start.',
      labelNames: ['topic'],
      registers,
    });
    this.lostTotal = new Counter({
      name: 'csp_kafka_messages_lost_total',
      help: 'Messages that were lost at the broker before they were taken: given up, compacted away, or deleted.',
      labelNames: ['topic'],
      registers,
    });
    this.lag = new Gauge({
      name: 'csp_kafka_consumer_lag',
      help: 'Messages of an assigned partition that are not taken yet, as of some seconds ago.',
      labelNames: ['topic', 'partition'],
      registers,
    });
    new Gauge({
      name: 'csp_kafka_partition_held',
      help: '1 for a partition of which nothing is taken until somebody acts; /health says what to do.',
      labelNames: ['topic', 'partition'],
      registers,
      collect() {
        this.reset();
        for (const { topic, partition } of status().held) this.set({ topic, partition: String(partition) }, 1);
      },
    });
    this.lastCommit = new Gauge({
      name: 'csp_kafka_last_commit_timestamp_seconds',
      help: 'Real time at which offsets were last committed to the broker, in seconds since the epoch.',
      registers,
    });
    this.up = new Gauge({
      name: 'csp_kafka_consumer_up',
      help: '1 while the consumer is a member of its group.',
      registers,
    });
    this.up.set(0);
    new Gauge({
      name: 'csp_kafka_broker_silent_seconds',
      help: 'How long the broker has left every question of the consumer unanswered; below one while it answers.',
      registers,
      collect() {
        this.set(status().broker_silent_seconds);
      },
    });
  }

  taken(unit: MessageUnit): void {
    this.takenTotal.inc(unit.size);
    this.withoutKeyTotal.inc(unit.withoutKey);
  }

  deadLettered(topic: string): void {
    this.deadLettersTotal.inc({ topic });
  }

  joined(): void {
    this.lag.reset();
    this.up.set(1);
  }

  left(): void {
    this.up.set(0);
    this.lag.reset();
  }

  crashed(): void {
    this.crashesTotal.inc();
  }

  restarted(topic: string): void {
    this.incarnationsTotal.inc({ topic });
  }

  lost(topic: string, messages: number): void {
    this.lostTotal.inc({ topic }, messages);
  }

  lagging({ topic, partition }: TopicPartition, messages: number): void {
    this.lag.set({ topic, partition: String(partition) }, messages);
  }

  committed(): void {
    this.lastCommit.set(Date.now() / 1_000);
  }
}
