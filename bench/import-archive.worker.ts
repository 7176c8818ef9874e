import { DiskKlineFiles } from '@app/binance';
import type { DayOfMinutes, KlineFileEnd } from '@app/domain';
import { limitHeapGrowth } from '@app/http';
import type { ImportRun } from './import-archive.bench';
import { openStore } from './workspace';

/**
 * Takes the file named first into a new store in the folder named second, as `ImportFileUseCase` does, and prints what
 * it took: a process of its own, so that its memory is that of the import.
 */
const MILLION = 1_000_000;

async function main(path: string, folder: string): Promise<ImportRun> {
  const start = performance.now();
  const store = await openStore(folder);
  limitHeapGrowth();
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
  /** When each full million was in, from the start of reading on. */
  const millions = [performance.now()];
  const days = file.days();
  let waiting: DayOfMinutes | undefined;
  for (;;) {
    const step = await days.next();
    if (waiting) {
      await save(waiting, step.done === true ? step.value : undefined);
      rows += waiting.candles.length;
      if (rows >= millions.length * MILLION) millions.push(performance.now());
    }
    if (step.done === true) break;
    waiting = step.value;
  }
  await store.close();
  const pace = (from: number | undefined, to: number | undefined): number =>
    (MILLION * 1_000) / ((to ?? NaN) - (from ?? NaN));
  return {
    rowsPerSecond: (rows * 1_000) / (performance.now() - start),
    firstMillionPerSecond: pace(millions[0], millions[1]),
    lastMillionPerSecond: pace(millions.at(-2), millions.at(-1)),
    peakMegabytes: process.resourceUsage().maxRSS / 1_024,
  };
}

const [path = '', folder = ''] = process.argv.slice(2);
main(path, folder).then(
  (run) => process.stdout.write(JSON.stringify(run)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
