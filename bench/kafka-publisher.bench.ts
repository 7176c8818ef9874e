import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import { ClockModule, SystemClock } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import { EventPublisher, MILLISECOND, type OutgoingEvent } from '@app/domain';
import { createKafka, ensureTopics, MessagingModule, ORIGIN_HEADER } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import type { Message } from 'kafkajs';
import { KafkaBroker, NO_OWN_BROKER } from '../test/support/kafka-broker';
import { inBatches, priceMessages, type MarketRun } from './market-run';
import { compare, perSecond } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Events per second of the publisher, as ingest-app has it: its queue, spool, origin check, status and metrics around
 * Nest's Kafka client.
 *
 * Peer: a bare kafkajs producer with the same settings (idempotent, acknowledged by all replicas, one request at a
 * time), which sends the same bytes in batches of the same size from messages made before. Both in this process,
 * against one real broker.
 */
const ROUNDS = 5;
const PARTITIONS = 6;
const ORIGIN = 'simulator:1';
const LOGGER = createLogger('silent', 'bench');
const BATCHES = [
  { size: 50, atLeast: 0.8 },
  { size: 1_000, atLeast: 0.8 },
] as const;

type Batches = readonly (readonly OutgoingEvent[])[];

/** Runs the work with a publisher of its own. */
async function withPublisher(
  broker: KafkaBroker,
  topic: string,
  work: (publisher: EventPublisher) => Promise<number>,
): Promise<number> {
  return inNewFolder(async (folder) => {
    const config = loadConfig(
      {
        BROKER_MODE: 'kafka',
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
        TOPIC_NAME: topic,
        TOPIC_PARTITIONS: String(PARTITIONS),
        INGEST_STATE_DIR: folder,
      },
      folder,
    );
    const app = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(new SystemClock()),
        ObservabilityModule.forRoot(LOGGER, new MetricsRegistry()),
        MessagingModule.kafka('csp-bench-publisher'),
      ],
    }).compile();
    await app.init();
    try {
      return await work(app.get(EventPublisher, { strict: false }));
    } finally {
      await app.close();
    }
  });
}

function published(broker: KafkaBroker, topic: string, [first = [], ...batches]: Batches): Promise<number> {
  return withPublisher(broker, topic, async (publisher) => {
    await publisher.publish({ origin: ORIGIN, events: first });
    const speed = await perSecond(batches.flat().length, async () => {
      for (const events of batches) await publisher.publish({ origin: ORIGIN, events });
    });
    if (publisher.status().waitingEvents > 0) throw new Error('the broker could not keep up: events went to the spool');
    return speed;
  });
}

async function sentBare(broker: KafkaBroker, topic: string, batches: Batches): Promise<number> {
  const kafka = createKafka({ bootstrapServers: [broker.bootstrap], clientId: 'csp-bench-bare', logger: LOGGER });
  await ensureTopics(kafka, { topics: [topic], partitions: PARTITIONS, deadLetters: false });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const [first = [], ...rest] = batches.map((events) => events.map(toMessage));
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: first });
    return await perSecond(rest.flat().length, async () => {
      for (const messages of rest) await producer.send({ topic, acks: -1, messages });
    });
  } finally {
    await producer.disconnect();
  }
}

function toMessage({ symbol, value, capturedAt }: OutgoingEvent): Message {
  const timestamp = String(Math.floor(capturedAt / MILLISECOND));
  return { key: symbol, value, timestamp, headers: { [ORIGIN_HEADER]: ORIGIN } };
}

export async function benchKafkaPublisher({ prices }: MarketRun): Promise<Figure[]> {
  if (NO_OWN_BROKER !== undefined) throw new Error(`this bench needs a broker of its own: ${NO_OWN_BROKER}`);
  const broker = await KafkaBroker.start({}, { fullSpeed: true });
  try {
    const events = priceMessages(prices);
    const figures: Figure[] = [];
    for (const { size, atLeast } of BATCHES) {
      const batches = inBatches(events, size);
      const { subject, peer, ratio } = await compare(
        ROUNDS,
        () => published(broker, `bench-${randomUUID()}`, batches),
        () => sentBare(broker, `bench-${randomUUID()}`, batches),
      );
      figures.push({
        what: `publisher, batches of ${size}`,
        value: `${Math.round(subject)} events/s`,
        against: `${Math.round(peer)} events/s bare kafkajs`,
        measure: ratio,
        threshold: { atLeast },
      });
    }
    return figures;
  } finally {
    await broker.close();
  }
}
