import { eventually } from '../support/app-process';
import { consumerGroups, type ConsumerGroup, type ConsumerProcess } from '../support/consumer-group';
import { describeKafka } from '../support/describe-kafka';
import { limitFiles } from '../support/full-disk';
import { getText } from '../support/http';
import { LockHolder } from '../support/lock-holder';

describeKafka('a consumer and its store', () => {
  const groups = consumerGroups();
  let group: ConsumerGroup;

  beforeEach(() => {
    group = groups.open();
  });

  it('should keep bronze once and in order without rows, over kills, replays and poison', async () => {
    group = groups.open(false);
    // A group of its own knows no offset and waits for no dead member: what the store says is all there is.
    const join = async (number: number): Promise<ConsumerProcess> => {
      const consumer = await group.launch(`${group.topic}-${number}`);
      await consumer.joined();
      return consumer;
    };
    let consumer = await join(0);
    await group.feed();
    const kills = 3;
    for (let kill = 1; kill <= kills; kill += 1) {
      await consumer.taking();
      await group.poison();
      await consumer.app.stop('SIGKILL');
      consumer = await join(kill);
    }
    await consumer.taking();
    await group.poison();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
    expect(await group.deadLetters()).toBeGreaterThanOrEqual(kills + 1);

    // Offsets are committed after the store's transaction.
    await eventually('the offsets are committed', async () => {
      const { lag, last_commit_at: lastCommit } = (await consumer.health()).consumer;
      return lag === 0 && lastCommit !== null ? true : undefined;
    });
    const metrics = await getText(`${consumer.url}/metrics`);
    const health = (await consumer.health()).consumer;
    expect(health).toMatchObject({
      lag: 0,
      repeats: 0,
      dead_letters: expect.any(Number) as number,
      last_commit_at: expect.stringMatching(/Z$/) as string,
    });
    expect(metrics).toMatch(/^csp_kafka_consumer_lag\{topic="[\w-]+",partition="\d"\} 0$/m);
    expect(metrics).toMatch(/^csp_kafka_last_commit_timestamp_seconds [1-9]/m);
    expect(metrics).toMatch(/^csp_kafka_dead_letters_total\{topic="[\w-]+"\} [1-9]/m);
    expect(metrics).toMatch(/^csp_sink_events_total\{outcome="repeats"\} 0$/m);
    // It is the only member of its group: unless the machine stood still for longer than a session lasts.
    const { rebalances, retries } = health;
    expect(metrics).toMatch(new RegExp(`^csp_kafka_consumer_rebalances_total ${rebalances}$`, 'm'));
    expect(metrics).toMatch(new RegExp(`^csp_kafka_consumer_retries_total ${retries}$`, 'm'));
  });

  it('should wait, not ready, while another process locks the database, and go on by itself', async () => {
    const consumer = await group.start();
    await group.feed();
    const holder = await LockHolder.start(group.paths.databasePath, 'BEGIN IMMEDIATE');
    try {
      await consumer.notReady('locked');
      await consumer.up();
    } finally {
      await holder.kill();
    }
    await group.stopFeeding();
    await group.everythingTaken();
    await consumer.app.answers(`${consumer.url}/readyz`);
    expect(group.problems()).toEqual([]);
    expect(await group.deadLetters()).toBe(0);
  });

  it('should wait, not ready, while the disk is full, and go on by itself', async () => {
    const consumer = await group.start();
    await group.feed();
    await consumer.taking();
    limitFiles(consumer.app, 65_536);
    await consumer.notReady('the store takes nothing');
    await consumer.up();
    limitFiles(consumer.app, 'unlimited');
    await group.stopFeeding();
    await group.everythingTaken();
    await consumer.app.answers(`${consumer.url}/readyz`);
    expect(group.problems()).toEqual([]);
    expect(await group.deadLetters()).toBe(0);
  });
});
