import { ProcessGroup, freePort } from '../test/support/app-process';
import { readMarketRun } from './market-run';
import { summaryTable } from './report';
import { benchSink } from './sink.bench';

async function main(): Promise<void> {
  const group = new ProcessGroup();
  const port = await freePort();
  const simulator = group.start('exchange-simulator', { args: ['--port', String(port)] });
  const url = `http://127.0.0.1:${port}`;
  await simulator.answers(`${url}/livez`);
  const t = performance.now();
  const run = await readMarketRun(url, 50, 1000);
  console.log(run.prices.length, run.candles.length, performance.now() - t);
  await group.stopAll();
  console.log(summaryTable(await benchSink(run)));
}
void main();
