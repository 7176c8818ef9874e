import { hostname } from 'node:os';
import { instanceName } from '@app/domain';
import { eventually } from '../support/app-process';
import { consumerGroups, type ConsumerGroup, type ConsumerProcess } from '../support/consumer-group';
import { describeKafka } from '../support/describe-kafka';

describeKafka('consumers of one store', () => {
  const groups = consumerGroups();
  let group: ConsumerGroup;

  beforeEach(() => {
    group = groups.open();
  });

  it('should lose and double nothing while a second one joins and is killed ten times (33)', async () => {
    await group.start();
    await group.feed();
    for (let round = 0; round < 10; round += 1) {
      const second = await group.launch();
      // Half of them die as members, half while they join.
      await (round % 2 === 0 ? second.joined() : group.joining(second));
      await second.app.stop('SIGKILL');
    }
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
    expect(await group.deadLetters()).toBe(0);
  });

  /** A consumer that has taken something, and is still being fed. */
  async function fedConsumer(): Promise<ConsumerProcess> {
    const consumer = await group.start();
    await group.feed();
    await consumer.taking();
    return consumer;
  }

  it('should write nothing when it wakes after another one took its partitions', async () => {
    const sleeper = await fedConsumer();
    const { rebalances } = (await sleeper.health()).consumer;
    await group.standStill(sleeper, false);
    const heir = await group.launch();
    await heir.joined();
    await heir.taking();
    sleeper.app.signal('SIGCONT');
    // Whether its heartbeat, its commit or its own watch tells it first.
    await eventually('the sleeper has joined anew', async () => {
      const { consumer } = await sleeper.health();
      return consumer.rebalances > rebalances ? true : undefined;
    });
    await sleeper.joined();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  });

  it('should keep everybody out while it stands still inside a transaction, and finish it when it wakes', async () => {
    const sleeper = await fedConsumer();
    await group.standStill(sleeper, true);
    const heir = await group.launch();
    await heir.notReady('locked');
    sleeper.app.signal('SIGCONT');
    await heir.joined();
    await sleeper.joined();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  });

  it('should say in the store how each of them does, whichever of them keeps the history', async () => {
    const members = [await group.start(), await group.start()];
    const names = members.map(({ url }) => instanceName('consumer', hostname(), Number(new URL(url).port)));
    await eventually('each has its row', async () => {
      const instances = await group.instances();
      return names.every((name) => instances.includes(name)) || undefined;
    });
    expect(await group.instances()).toEqual(names.sort());
    await group.feed();
    await group.stopFeeding();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  });

  it('should end with 0 on SIGTERM under load and leave nothing half done', async () => {
    const consumer = await fedConsumer();
    expect(await consumer.app.stop('SIGTERM')).toBe(0);
    await group.stopFeeding();
    await group.start();
    await group.everythingTaken();
    expect(group.problems()).toEqual([]);
  });
});
