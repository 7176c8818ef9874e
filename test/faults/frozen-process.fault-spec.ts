import { setTimeout as delay } from 'node:timers/promises';
import { MINUTE } from '@app/domain';
import { getJson } from '../support/http';
import { CaptureLoad } from '../support/capture-load';
import { describeOwnKafka } from '../support/describe-kafka';
import { KafkaPipeline } from '../support/kafka-pipeline';
import { FAULT_FREEZE_SECONDS } from '../support/randomness';
import { NOTICE_LIMIT_MS } from '../support/readiness';

interface CoverageRange {
  readonly state: string;
}

/** A container that is paused, a virtual machine that is moved: minutes that pass by a process which does not know. */
describe(`a process that is frozen for ${FAULT_FREEZE_SECONDS} s`, () => {
  const load = new CaptureLoad('ingest-app');

  afterAll(async () => {
    await load.close();
  });

  it('should be told by others meanwhile, say so itself afterwards, and bring in what it missed', async () => {
    await load.startExchange();
    const app = await load.start();
    const api = await load.stack.start('api-app');
    await load.ready(true);
    await load.morePolls(5);

    const stoppedAt = performance.now();
    app.signal('SIGSTOP');
    await load.healthSays(/^ingest: unknown, takes connections and does not answer/, NOTICE_LIMIT_MS, 'api-app');
    const noticed = (performance.now() - stoppedAt) / 1_000;
    process.stdout.write(`frozen process: told by another one after ${noticed.toFixed(1)} s\n`);
    await delay(Math.max(0, FAULT_FREEZE_SECONDS * 1_000 - (performance.now() - stoppedAt)));
    const market = await load.stack.marketTime();
    app.signal('SIGCONT');

    const stood = new RegExp(`^the process stood still for \\d{${String(FAULT_FREEZE_SECONDS).length},} s until `);
    await Promise.all([
      load.tells('either', new RegExp(stood.source.slice(1)), stood),
      load.healthSays(/^ingest: the process stood still for /, NOTICE_LIMIT_MS, 'api-app'),
    ]);
    expect(app.output).toContain('"msg":"the process stood still for ');
    expect(await load.metric('csp_process_stalls_total')).toBe(1);
    expect(await load.metric('csp_process_stalled_seconds_total')).toBeGreaterThan(FAULT_FREEZE_SECONDS - 5);

    await load.ready(true);
    await load.morePolls(5);
    // The market went on a minute each second: all of its minutes are there.
    await load.minutesUntil(market * 1_000 + MINUTE);
    const url = await load.stack.urlOf('api-app');
    const { data } = await getJson<{ data: CoverageRange[] }>(`${url}/coverage?symbol=BTCUSDT&limit=5000`);
    expect(data.map(({ state }) => state)).not.toContain('missing');
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(await api.stop()).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(1);
  });
});

/** Longer than the ten seconds for which Kafka keeps the partitions of a member that is not heard of. */
describeOwnKafka(`a consumer that is frozen for ${FAULT_FREEZE_SECONDS} s`, () => {
  let pipeline: KafkaPipeline;

  beforeAll(async () => {
    pipeline = await KafkaPipeline.start();
  });

  afterAll(async () => {
    await pipeline.close();
  });

  it('should be told of by others meanwhile, say so itself afterwards, and take all that came', async () => {
    for (const name of ['consumer-app', 'ingest-app'] as const) await pipeline.launch(name);
    for (const name of ['consumer-app', 'ingest-app'] as const) await pipeline.isWell(name);
    const api = await pipeline.stack.start('api-app');
    await pipeline.moreTaken();

    const consumer = pipeline.app('consumer-app');
    const stoppedAt = performance.now();
    consumer.signal('SIGSTOP');
    await pipeline.healthSays('api-app', /^consumer: unknown, takes connections and does not answer/, NOTICE_LIMIT_MS);
    const noticed = (performance.now() - stoppedAt) / 1_000;
    await delay(Math.max(0, FAULT_FREEZE_SECONDS * 1_000 - (performance.now() - stoppedAt)));
    consumer.signal('SIGCONT');
    const wokeAt = performance.now();

    const stood = new RegExp(`^the process stood still for \\d{${String(FAULT_FREEZE_SECONDS).length},} s until `);
    await pipeline.tells('consumer-app', 'either', new RegExp(stood.source.slice(1)), stood);
    await pipeline.moreTaken();
    await pipeline.isWell('consumer-app');
    process.stdout.write(
      `frozen consumer: told by another one after ${noticed.toFixed(1)} s, ` +
        `takes again ${((performance.now() - wokeAt) / 1_000).toFixed(1)} s after it woke\n`,
    );
    expect(await pipeline.metric('consumer-app', 'csp_process_stalls_total')).toBe(1);
    await pipeline.morePolls(10);
    expect(await pipeline.finish()).toEqual([]);
    expect(await api.stop()).toBe(0);
  });
});
