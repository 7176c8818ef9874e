import { benchBackup } from './backup.bench';
import { benchCandleQueries } from './candles-query.bench';
import { benchCsvRequests } from './csv-requests.bench';
import { benchDisk } from './disk.bench';
import { benchImport } from './import-archive.bench';
import { withExchange } from './installation';
import { benchLongList } from './long-list.bench';
import { readMarketRun } from './market-run';
import { benchKafkaConsumer } from './kafka-consumer.bench';
import { benchKafkaProcesses } from './kafka-processes.bench';
import { benchKafkaPublisher } from './kafka-publisher.bench';
import { benchMarket } from './market.bench';
import { benchMemory } from './memory.bench';
import { benchPage } from './page.bench';
import { benchParquetDisk } from './parquet-disk.bench';
import { isMet, summaryTable, type Figure } from './report';
import { benchSink } from './sink.bench';
import { benchStart } from './start.bench';
import { benchStreams } from './streams.bench';

/** Each bench by the name that selects it on the command line. */
const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  sink: () => withExchange(async (_group, url) => benchSink(await readMarketRun(url, 50, 1_000))),
  csv: () => withExchange(benchCsvRequests),
  candles: () => benchCandleQueries(),
  list: () => benchLongList(),
  memory: () => withExchange(benchMemory),
  backup: () => withExchange(benchBackup),
  market: benchMarket,
  start: () => withExchange(benchStart),
  streams: () => withExchange(benchStreams),
  page: () => withExchange(benchPage),
  publisher: () => withExchange(async (_group, url) => benchKafkaPublisher(await readMarketRun(url, 50, 1_000))),
  import: benchImport,
  consumer: () => withExchange(async (_group, url) => benchKafkaConsumer(await readMarketRun(url, 50, 4_000))),
  pipeline: () => withExchange(benchKafkaProcesses),
  disk: () =>
    withExchange(async (_group, url) => {
      const run = await readMarketRun(url, 50, 1_440);
      return [...(await benchDisk(run)), ...(await benchParquetDisk(run))];
    }),
};

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    throw new Error(`no such bench: ${unknown.join(', ')}; expected any of ${Object.keys(BENCHES).join(', ')}`);
  }
  const figures: Figure[] = [];
  const failed: string[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`${name} ...`);
    try {
      figures.push(...(await bench()));
    } catch (error) {
      // What the others have measured, in minutes, is not thrown away with it.
      failed.push(name);
      console.error(error);
    }
  }
  console.log(`\n${summaryTable(figures)}`);
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 && figures.every(isMet) ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
