import { setTimeout as delay } from 'node:timers/promises';
import { describeOwnKafka } from '../support/describe-kafka';
import { KafkaPipeline, type PipelineApp } from '../support/kafka-pipeline';
import { FAULT_CUT_SECONDS } from '../support/randomness';

const APPS: readonly PipelineApp[] = ['ingest-app', 'consumer-app'];
/** Longer than what a process may show no sign of life for before it is started again. */
const SILENCE_SECONDS = Math.max(60, FAULT_CUT_SECONDS);

/** The way to the broker: what was captured meanwhile waits in the spool, in order, and no process ends. */
describeOwnKafka('the network to the broker', () => {
  let pipeline: KafkaPipeline;

  beforeEach(async () => {
    pipeline = await KafkaPipeline.start();
  });

  afterEach(async () => {
    await pipeline.close();
  });

  async function start(): Promise<void> {
    for (const name of APPS) await pipeline.launch(name);
    for (const name of APPS) await pipeline.isWell(name);
    await pipeline.moreTaken();
  }

  /** Both say it in time, and how it stands with them; returns after how many seconds. */
  async function expectTold(consumerSays: RegExp): Promise<number> {
    const since = performance.now();
    await Promise.all([
      pipeline.tells('ingest-app', false, 'events wait in the spool: ', /\d+ events wait in the spool: /),
      pipeline.tells('consumer-app', false, /broker_away: |the broker has not answered for/, consumerSays),
    ]);
    for (const name of APPS) expect([name, await pipeline.statusOf(name, 'livez')]).toEqual([name, 200]);
    return (performance.now() - since) / 1_000;
  }

  /** Everything that the exchange sent is stored, each once and in order. */
  async function expectEverything(): Promise<void> {
    await pipeline.morePolls(10);
    expect(await pipeline.finish()).toEqual([]);
  }

  it(`should be told of and waited out when nothing passes for ${SILENCE_SECONDS} s, and nothing is refused`, async () => {
    await start();
    const since = performance.now();
    pipeline.link.set('silent');
    const polls = pipeline.pollsAnswered;
    const told = await expectTold(/^the broker has not answered for \d+ s$/);
    process.stdout.write(`silent broker: told by both after ${told.toFixed(1)} s\n`);
    while (performance.now() - since < SILENCE_SECONDS * 1_000) {
      for (const name of APPS) expect([name, await pipeline.statusOf(name, 'livez')]).toEqual([name, 200]);
      await pipeline.healthSays('consumer-app', /the broker has not answered for \d+ s/, 1_000);
      await delay(1_000);
    }
    expect(await pipeline.metric('consumer-app', 'csp_kafka_broker_silent_seconds')).toBeGreaterThan(
      SILENCE_SECONDS - 5,
    );
    expect(await pipeline.metric('consumer-app', 'csp_kafka_consumer_up')).toBe(0);
    expect(await pipeline.metric('ingest-app', 'csp_kafka_producer_up')).toBe(0);
    // Twenty polls a second are due; a machine that is busy asks for fewer.
    expect(pipeline.pollsAnswered - polls).toBeGreaterThan(SILENCE_SECONDS);
    expect(await pipeline.metric('ingest-app', 'csp_spool_events')).toBeGreaterThan(SILENCE_SECONDS);

    pipeline.link.set('up');
    const returned = performance.now();
    for (const name of APPS) await pipeline.isWell(name);
    process.stdout.write(
      `silent broker: all is well ${((performance.now() - returned) / 1_000).toFixed(1)} s after it\n`,
    );
    expect(await pipeline.metric('consumer-app', 'csp_kafka_broker_silent_seconds')).toBeLessThan(5);
    expect(await pipeline.metric('ingest-app', 'csp_events_lost_total')).toBe(0);
    await expectEverything();
  });

  it('should be told of and waited out when it is cut', async () => {
    await start();
    pipeline.link.set('cut');
    await expectTold(/^broker_away: /);
    await pipeline.morePolls(20);
    pipeline.link.set('up');
    for (const name of APPS) await pipeline.isWell(name);
    await expectEverything();
  });

  it('should be told of and waited out when it loses packets, and requests for connections are not answered', async () => {
    await start();
    await pipeline.link.lose();
    await expectTold(/^(?:broker_away: |the broker has not answered for \d+ s$)/);
    await pipeline.morePolls(20);
    await pipeline.link.find();
    for (const name of APPS) await pipeline.isWell(name);
    await expectEverything();
  });

  it('should keep no process from ending in order while nothing passes, nor from starting', async () => {
    await start();
    pipeline.link.set('silent');
    await expectTold(/^the broker has not answered for \d+ s$/);
    for (const name of APPS) expect([name, await pipeline.app(name).stop()]).toEqual([name, 0]);

    for (const name of APPS) await pipeline.launch(name);
    await pipeline.healthSays('consumer-app', /^starting; the broker has not answered for \d+ s$/);
    await pipeline.healthSays('ingest-app', /\d+ events wait in the spool: /);
    for (const name of APPS) expect([name, await pipeline.app(name).stop()]).toEqual([name, 0]);

    for (const name of APPS) await pipeline.launch(name);
    await pipeline.morePolls(20);
    pipeline.link.set('up');
    for (const name of APPS) await pipeline.isWell(name);
    await expectEverything();
  });

  it('should bring everything over when it is slow', async () => {
    await start();
    pipeline.link.set({ delayMs: 700 });
    await pipeline.morePolls(100);
    for (const name of APPS) expect([name, await pipeline.statusOf(name, 'livez')]).toEqual([name, 200]);
    await pipeline.moreTaken();
    pipeline.link.set('up');
    await expectEverything();
  });
});
