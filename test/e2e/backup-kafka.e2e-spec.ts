import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { runCli, type CommandOutcome } from '../support/run-cli';
import { describeOwnKafka } from '../support/describe-kafka';
import { getCsv, getText } from '../support/http';
import { KafkaPipeline } from '../support/kafka-pipeline';
import { everythingTaken } from '../support/sink-progress';

/** The day in which capture began, which is over soon. */
const RANGE = 'start=2026-11-20&end=2026-11-21';
const TABLES = ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'daily_metrics', 'data_quality'];
const SYMBOLS = 6;
const TOPICS = ['crypto_prices', 'crypto_candles'];

/** A consumer under the load of a fast market, and of a backfill beside it. */
describeOwnKafka('a backup of what a consumer stores', () => {
  let pipeline: KafkaPipeline;
  let url: string;

  beforeAll(async () => {
    pipeline = await KafkaPipeline.start();
    url = await pipeline.stack.urlOf('api-app');
  });

  afterAll(async () => {
    await pipeline.close();
  });

  async function tables(): Promise<string[]> {
    const bodies: string[] = [];
    for (const table of TABLES) bodies.push(await getText(`${url}/bi/${table}.csv?${RANGE}`));
    return bodies;
  }

  it('should be restored to the same bytes of the day that is over, and be read on from where it was made', async () => {
    const { stack, broker } = pipeline;
    for (const name of ['consumer-app', 'ingest-app'] as const) await pipeline.launch(name);
    const api = await stack.start('api-app');
    await pipeline.midnightPassed();
    await eventually('the day that is over is final', async () => {
      const rows = await getCsv(`${url}/bi/daily_ohlc.csv?${RANGE}`);
      return (rows.length === SYMBOLS && rows.every((row) => row['is_final'] === 'true')) || undefined;
    });
    const served = await tables();

    // Of other symbols: days before would change what later days say of the last thirty.
    const writing = runCli(stack, 'backfill', '--symbols', 'ADAUSDT,DOGEUSDT,LTCUSDT', '--days', '10');
    await pipeline.moreTaken();
    const backup = join(stack.folder, 'backup');
    expect(await runCli(stack, 'backup', '--to', backup)).toMatchObject({ code: 0 });
    expect(await writing).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(served);
    expect(await api.stop()).toBe(0);
    await pipeline.morePolls(20);
    expect(await pipeline.finish()).toEqual([]);

    const places = { STORAGE_PATH: join(stack.folder, 'restored/app.db'), RAW_DIR: join(stack.folder, 'restored/raw') };
    const restore = await stack.launch('cli', places, ['restore', '--from', backup]);
    const outcome: CommandOutcome = { code: await restore.exited(), output: restore.output };
    expect(outcome).toMatchObject({ code: 0 });
    const restored = await stack.start('api-app', places);
    await restored.answers(`${url}/readyz`);
    expect(await tables()).toEqual(served);

    const consumer = await stack.launch('consumer-app', places);
    await everythingTaken(broker, places.STORAGE_PATH, TOPICS);
    expect(await tables()).toEqual(served);
    expect([await consumer.stop(), await restored.stop()]).toEqual([0, 0]);
  });
});
