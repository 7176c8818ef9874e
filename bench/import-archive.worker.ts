import { DiskKlineFiles } from '@app/binance';
import type { DayOfMinutes, KlineFileEnd } from '@app/domain';
import { limitHeapGrowth } from '@app/http';
import { openStore } from './workspace';

/**
 * Takes the file named first into a new store in the folder named second, as `ImportFileUseCase` does, and prints how
 * many rows it took per second: a process of its own, which has its heap and its compiled code to itself.
 */
async function main(path: string, folder: string): Promise<number> {
  const start = performance.now();
  const store = await openStore(folder);
  limitHeapGrowth('command');
  const fetchedAt = Date.now() * 1_000;
  const file = await new DiskKlineFiles().open(path, { symbol: 'BTCUSDT', capturedAt: fetchedAt });
  const { facts } = file;
  const save = (day: DayOfMinutes, end?: KlineFileEnd): Promise<unknown> =>
    store.history.saveDay({
      ...day,
      origin: 'bench',
      symbol: facts.symbol,
      fetchedAt,
      ...(end ? { file: { kind: 'import' as const, facts, end } } : {}),
    });
  let rows = 0;
  const days = file.days();
  let waiting: DayOfMinutes | undefined;
  for (;;) {
    const step = await days.next();
    if (waiting) {
      await save(waiting, step.done === true ? step.value : undefined);
      rows += waiting.candles.length;
    }
    if (step.done === true) break;
    waiting = step.value;
  }
  await store.close();
  return (rows * 1_000) / (performance.now() - start);
}

const [path = '', folder = ''] = process.argv.slice(2);
main(path, folder).then(
  (rowsPerSecond) => process.stdout.write(String(rowsPerSecond)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
