import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/app-process';
import { ConsumerGroup, type ConsumerProcess } from '../support/consumer-group';
import { describeKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';
import { limitFiles } from '../support/full-disk';
import { LockHolder } from '../support/lock-holder';

describeKafka('consumers of one store', () => {
  let broker: KafkaBroker;
  let group: ConsumerGroup;

  beforeEach(async () => {
    broker = await KafkaBroker.start();
    group = new ConsumerGroup(broker);
  });

  afterEach(async () => {
    await group.close();
    await broker.close();
  });

  const deadLetters = async (): Promise<number> => {
    const ends = await broker.asAdmin((admin) => admin.fetchTopicOffsets('crypto_prices.dlq'));
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  };

  it('should lose and double nothing while a second one joins and is killed ten times', async () => {
    await group.start();
    await group.feed();
    for (let round = 0; round < 10; round += 1) {
      const second = await group.launch();
      // Half of them die as members, half while they join.
      if (round % 2 === 0) await second.joined();
      else await delay(1_500);
      await second.app.stop('SIGKILL');
    }
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
    expect(await deadLetters()).toBe(0);
  }, 400_000);

  /** A consumer that has taken something, and is still being fed. */
  async function fedConsumer(): Promise<ConsumerProcess> {
    const consumer = await group.start();
    await group.feed();
    await consumer.taking();
    return consumer;
  }

  it('should write nothing when it wakes after another one took its partitions', async () => {
    const sleeper = await fedConsumer();
    await group.standStill(sleeper, false);
    const heir = await group.launch();
    await heir.joined();
    await heir.taking();
    sleeper.app.signal('SIGCONT');
    await eventually('the sleeper knows that it lost them', () =>
      Promise.resolve(/another consumer|rejoining/.test(sleeper.app.output) ? true : undefined),
    );
    await sleeper.joined();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  }, 200_000);

  it('should keep everybody out while it stands still inside a transaction, and finish it when it wakes', async () => {
    const sleeper = await fedConsumer();
    await group.standStill(sleeper, true);
    const heir = await group.launch();
    await eventually('the heir says that the store is locked', async () => {
      const response = await fetch(`${heir.url}/readyz`);
      return response.status === 503 && (await response.text()).includes('locked') ? true : undefined;
    });
    sleeper.app.signal('SIGCONT');
    await heir.joined();
    await sleeper.joined();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  }, 200_000);

  it('should keep bronze once and in order without rows, over kills, replays and poison', async () => {
    group = new ConsumerGroup(broker, false);
    // A group of its own knows no offset and waits for no dead member: what the store says is all there is.
    const join = async (groupId: string): Promise<ConsumerProcess> => {
      const consumer = await group.launch(groupId);
      await consumer.joined();
      return consumer;
    };
    let consumer = await join('group');
    await group.feed();
    const kills = 3;
    for (let kill = 1; kill <= kills; kill += 1) {
      await consumer.taking();
      await group.poison();
      await consumer.app.stop('SIGKILL');
      consumer = await join(`group-${kill}`);
    }
    await consumer.taking();
    await group.poison();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
    expect(await deadLetters()).toBeGreaterThanOrEqual(kills + 1);

    // Offsets are committed after the store's transaction.
    await eventually('the offsets are committed', async () => {
      const { lag, last_commit_at: lastCommit } = (await consumer.health()).consumer;
      return lag === 0 && lastCommit !== null ? true : undefined;
    });
    const metrics = await (await fetch(`${consumer.url}/metrics`)).text();
    expect(metrics).toMatch(/^csp_kafka_consumer_lag\{topic="crypto_prices",partition="\d"\} 0$/m);
    expect(metrics).toMatch(/^csp_kafka_last_commit_timestamp_seconds [1-9]/m);
    expect(metrics).toMatch(/^csp_kafka_consumer_rebalances_total 0$/m);
    expect(metrics).toMatch(/^csp_kafka_consumer_retries_total 0$/m);
    expect(metrics).toMatch(/^csp_kafka_dead_letters_total\{topic="crypto_prices"\} [1-9]/m);
    expect(metrics).toMatch(/^csp_sink_events_total\{outcome="repeats"\} 0$/m);
    expect((await consumer.health()).consumer).toMatchObject({
      lag: 0,
      rebalances: 0,
      retries: 0,
      repeats: 0,
      dead_letters: expect.any(Number) as number,
      last_commit_at: expect.stringMatching(/Z$/) as string,
    });
  }, 200_000);

  it('should end with 0 on SIGTERM under load and leave nothing half done', async () => {
    const consumer = await fedConsumer();
    expect(await consumer.app.stop('SIGTERM')).toBe(0);
    await group.stopFeeding();
    await group.start();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  }, 200_000);

  it('should wait, not ready, while another process locks the database, and go on by itself', async () => {
    const consumer = await group.start();
    await group.feed();
    const holder = await LockHolder.start(group.paths.databasePath, 'BEGIN IMMEDIATE');
    try {
      await eventually('the lock is said', async () => {
        const response = await fetch(`${consumer.url}/readyz`);
        return response.status === 503 && (await response.text()).includes('locked') ? true : undefined;
      });
      expect((await fetch(`${consumer.url}/livez`)).status).toBe(200);
    } finally {
      await holder.kill();
    }
    await group.stopFeeding();
    await group.everythingTaken();
    expect((await fetch(`${consumer.url}/readyz`)).status).toBe(200);
    expect(group.problems()).toEqual([]);
    expect(await deadLetters()).toBe(0);
  }, 200_000);

  it('should wait, not ready, while the disk is full, and go on by itself', async () => {
    const consumer = await group.start();
    await group.feed();
    await eventually('something is stored', () => Promise.resolve(group.sent.length > 600 ? true : undefined));
    limitFiles(consumer.app, 65_536);
    await eventually('the full disk is said', async () => {
      const response = await fetch(`${consumer.url}/readyz`);
      return response.status === 503 ? true : undefined;
    });
    expect((await fetch(`${consumer.url}/livez`)).status).toBe(200);
    limitFiles(consumer.app, 'unlimited');
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
    expect(await deadLetters()).toBe(0);
  }, 200_000);
});
