import { historyKinds } from '@app/history';
import { ORIGIN_HEADER } from '@app/messaging';
import { runCli } from '../support/run-cli';
import { ConsumerHarness, type TestMessage } from '../support/consumer-harness';
import { describeOwnKafka } from '../support/describe-kafka';
import { priceLine } from '../support/events';
import { KafkaBroker } from '../support/kafka-broker';
import { Stack } from '../support/stack';

const TOPIC = 'crypto_prices';

interface Letter {
  readonly topic: string;
  readonly letter: number;
  readonly source_partition: number;
  readonly sent_back: boolean;
  readonly attempts: number;
  readonly value_base64: string;
}

describeOwnKafka('cli dead-letters', () => {
  let broker: KafkaBroker;
  let consumer: ConsumerHarness;
  let stack: Stack;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    consumer = new ConsumerHarness(broker, historyKinds(TOPIC));
    stack = new Stack({ BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap });
  });

  afterAll(async () => {
    await consumer.close();
    await stack.close();
    await broker.close();
  });

  const letters = async (): Promise<Letter[]> => {
    const { code, output } = await runCli(stack, 'dead-letters', 'list', '--json');
    expect(code).toBe(0);
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Letter);
  };

  it('should list nothing while there is nothing', async () => {
    const { code, output } = await runCli(stack, 'dead-letters', 'list');
    expect(output).toBe('0 dead letters, 0 of them not sent back\n');
    expect(code).toBe(0);
  });

  it('should list what was set aside, send it back once, and take what can be taken by then', async () => {
    const hard = priceLine(7);
    const values = [priceLine(6), 'not JSON', hard, priceLine(8)];
    // A fault of the program that the next version does not have.
    await consumer.startAndJoin({
      handle: async ({ unit }, take) => {
        if (unit.values.includes(hard)) throw new TypeError('a mistake');
        await take();
      },
    });
    const headers = { [ORIGIN_HEADER]: 'simulator:letters' };
    const messages = values.map((value): TestMessage => ({ key: 'BTCUSDT', value, headers, partition: 1 }));
    await consumer.send(TOPIC, messages);
    await consumer.caughtUp();
    await consumer.stop();
    expect(consumer.lines(TOPIC)).toEqual([values[0], values[3]]);

    const table = (await runCli(stack, 'dead-letters', 'list', '--topic', TOPIC)).output;
    expect(table).toMatch(/^crypto_prices +\d +\S+Z +BTCUSDT +1\/1 +1 +no +message: "not JSON" is not allowed/m);
    expect(table).toContain('a message that can be handled (a mistake)');
    expect(table).toContain('2 dead letters, 2 of them not sent back');

    const replay = await runCli(stack, 'dead-letters', 'replay');
    expect(replay.output).toContain('crypto_prices: 2 dead letters were sent back\n');
    expect(replay.code).toBe(0);
    await consumer.startAndJoin();
    await consumer.caughtUp();
    expect(consumer.lines(TOPIC)).toEqual([values[0], values[3], hard]);

    // What is still broken is back, and nothing else.
    const after = await letters();
    expect(after.map(({ sent_back: sentBack }) => sentBack)).toEqual([true, true, false]);
    expect(after[2]).toMatchObject({ topic: TOPIC, letter: 2, source_partition: 1, attempts: 1 });
    expect(Buffer.from(after[2]?.value_base64 ?? '', 'base64').toString('utf8')).toBe('not JSON');
    expect((await runCli(stack, 'dead-letters', 'replay')).output).toContain(
      'crypto_prices: 1 dead letters were sent back',
    );
    const { groups } = await broker.asAdmin((admin) => admin.listGroups());
    expect(groups.filter(({ groupId }) => groupId.startsWith('csp-reading'))).toEqual([]);
  });

  it.each([
    ['no command', [], 'cli: dead-letters="" is not allowed; expected list or replay'],
    ['an unknown command', ['lst'], 'cli: dead-letters="lst" is not allowed; expected list or replay'],
    ['an unknown option', ['list', '--all'], "error: unknown option '--all'"],
  ])('should end with 2 and say what is wrong for %s', async (_, args, said) => {
    const { code, output } = await runCli(stack, 'dead-letters', ...args);
    expect(output).toContain(said);
    expect(code).toBe(2);
  });

  it('should refuse a topic that has no dead letters, and a mode that has none', async () => {
    const topic = await runCli(stack, 'dead-letters', 'list', '--topic', 'other');
    expect(topic.output).toContain('--topic="other" is not allowed; expected crypto_prices or crypto_candles');
    expect(topic.code).toBe(2);
    const direct = new Stack();
    const mode = await runCli(direct, 'dead-letters', 'replay');
    await direct.close();
    expect(mode.output).toContain('BROKER_MODE="direct" has no dead letters');
    expect(mode.code).toBe(2);
  });
});
