import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { ARCHIVE_SOURCE, MILLISECOND } from '@app/domain';

const MINUTE_MS = 60_000;
/** Earlier minutes are refused; nine million from here end in 2026. */
const FIRST_OPEN_TIME = Date.UTC(2009, 0, 1);
const LINES_AT_ONCE = 10_000;

/** A sequence that is the same in every run (the generator of Numerical Recipes, 7.1). */
function sequence(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

type RowWriter = (openTime: number, closeTime: number, numbers: readonly (string | number)[]) => string;

/** As the archive writes a minute. */
export const inArchiveForm: RowWriter = (openTime, closeTime, [open, high, low, close, volume, ...others]) =>
  [openTime, open, high, low, close, volume, closeTime, ...others, 0].join(',');

/** As `candles_1m` holds it. */
export const inTableForm: RowWriter = (openTime, closeTime, numbers) =>
  [
    'BTCUSDT',
    openTime * MILLISECOND,
    ...numbers,
    Date.UTC(2026, 0, 1) * MILLISECOND,
    1,
    closeTime * MILLISECOND,
    ARCHIVE_SOURCE,
  ].join(',');

/** Writes minutes of the size of BTCUSDT's, the same ones in whichever form. */
export async function writeRows(path: string, rows: number, write: RowWriter): Promise<void> {
  const next = sequence();
  const file = createWriteStream(path);
  const decimal = (units: number, scale: number): string =>
    `${(units / 10 ** scale).toFixed(scale)}${'0'.repeat(8 - scale)}`;
  let price = 6_800_000;
  let lines = '';
  for (let index = 0; index < rows; index += 1) {
    const close = price + next(2_001) - 1_000;
    const [high, low] = [Math.max(price, close) + next(500), Math.min(price, close) - next(500)];
    const numbers = [
      ...[price, high, low, close].map((ticks) => decimal(ticks, 2)),
      decimal(next(10_000_000), 5),
      decimal(next(1_000_000_000), 2),
      1 + next(2_000),
      decimal(next(5_000_000), 5),
      decimal(next(500_000_000), 2),
    ];
    const openTime = FIRST_OPEN_TIME + index * MINUTE_MS;
    lines += `${write(openTime, openTime + MINUTE_MS - 1, numbers)}\n`;
    price = close;
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) {
      if (!file.write(lines)) await once(file, 'drain');
      lines = '';
    }
  }
  file.end(lines);
  await once(file, 'close');
}
