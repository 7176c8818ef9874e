import { eventually } from '../support/app-process';
import { AlertRecording } from '../support/alert-recording';
import { describeOwnKafka } from '../support/describe-kafka';
import { readTopic } from '../support/kafka-messages';
import { KafkaPipeline, type PipelineApp } from '../support/kafka-pipeline';
import { LockHolder } from '../support/lock-holder';
import { describePromtool } from '../support/promtool';

const APPS: readonly PipelineApp[] = ['ingest-app', 'consumer-app'];
const TOPIC = 'crypto_prices';

/** The rules of deploy/prometheus on what the program says while their causes happen to it. */
describePromtool('alerts of the pipeline', () => {
  describeOwnKafka('with Kafka', () => {
    let pipeline: KafkaPipeline;
    let recording: AlertRecording;
    let holder: LockHolder | undefined;

    beforeAll(async () => {
      pipeline = await KafkaPipeline.start();
      for (const name of APPS) await pipeline.launch(name);
      for (const name of APPS) await pipeline.isWell(name);
      await pipeline.moreTaken();
      const [ingest, consumer] = [await pipeline.stack.urlOf('ingest-app'), await pipeline.stack.urlOf('consumer-app')];
      recording = AlertRecording.start(
        { 'csp-ingest': `${ingest}/metrics`, 'csp-consumer': `${consumer}/metrics` },
        await pipeline.stack.marketTime(),
      );
      await recording.more(5);
    });

    afterAll(async () => {
      await holder?.kill();
      await recording.stop();
      await pipeline.close();
    });

    async function becomes(app: PipelineApp, metric: string, is: (value: number) => boolean): Promise<void> {
      await eventually(`${metric} says so`, async () => is(await pipeline.metric(app, metric)) || undefined);
    }

    /** Puts into the topic of prices what was there first, with another value or of another origin. */
    async function send({ value, origin }: { readonly value?: string; readonly origin?: string }): Promise<void> {
      const [first] = await readTopic(pipeline.broker, TOPIC);
      const producer = pipeline.broker.client().producer();
      await producer.connect();
      const headers = { ...first?.headers, ...(origin === undefined ? {} : { origin }) };
      const message = { key: 'BTCUSDT', value: value ?? first?.value ?? null, headers };
      await producer.send({ topic: TOPIC, messages: [message] });
      await producer.disconnect();
    }

    async function expectFired(before: number, ...alerts: string[]): Promise<void> {
      for (const alert of alerts) {
        expect([alert, await recording.fired(alert, before)]).toEqual([alert, false]);
        expect([alert, await recording.fired(alert, recording.minute)]).toEqual([alert, true]);
      }
    }

    it('should have CspDeadLetters fire for a message that is no event', async () => {
      const before = recording.minute;
      await send({ value: 'no event' });
      await becomes('consumer-app', 'csp_kafka_dead_letters_total', (letters) => letters > 0);
      await recording.more(2);
      await expectFired(before, 'CspDeadLetters');
    });

    it('should have CspConsumerLag fire while the consumer can store nothing, and CspMessagesLost for what is deleted meanwhile', async () => {
      const before = recording.minute;
      holder = await LockHolder.start(pipeline.stack.databasePath, 'BEGIN IMMEDIATE');
      await becomes('consumer-app', 'csp_kafka_consumer_lag', (messages) => messages > 1_500);
      await recording.more(8);
      await expectFired(before, 'CspConsumerLag');
      await pipeline.broker.asAdmin(async (admin) => {
        const ends = await admin.fetchTopicOffsets(TOPIC);
        const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
        await admin.deleteTopicRecords({ topic: TOPIC, partitions });
      });
      const deleted = recording.minute;
      await holder.kill();
      await becomes('consumer-app', 'csp_kafka_messages_lost_total', (messages) => messages > 0);
      await recording.more(2);
      await expectFired(deleted, 'CspMessagesLost');
    });

    it('should have CspPartitionHeld fire for messages of another origin', async () => {
      const before = recording.minute;
      await send({ origin: 'simulator:another' });
      await becomes('consumer-app', 'csp_kafka_partition_held', (held) => held > 0);
      await recording.more(3);
      await expectFired(before, 'CspPartitionHeld');
    });

    it('should have CspConsumerDown and CspProducerDown fire when the broker is away', async () => {
      const before = recording.minute;
      pipeline.link.set('cut');
      await becomes('consumer-app', 'csp_kafka_consumer_up', (up) => up === 0);
      await becomes('ingest-app', 'csp_kafka_producer_up', (up) => up === 0);
      await recording.more(5);
      await expectFired(before, 'CspConsumerDown', 'CspProducerDown');
    });
  });
});
