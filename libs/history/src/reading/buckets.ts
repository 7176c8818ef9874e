import { nextTurn, type EpochMicros, type TimeRange } from '@app/domain';
import { pickColumns, type Table } from '../rows/table';
import { ask, asText, inRanges, type Inquiry, type KeyRange, type RowFinder } from '../rows/unit';
import { CANDLES_1D } from '../units/roll-up-unit';

/** A table whose rows are buckets of time: its key is the symbol and the start. It is described by these alone. */
export type BucketTable = Table<object, readonly [symbol: string, start: EpochMicros]>;

/** What a bar of the tables shows of an hour or a day, and what its state follows from. */
export const BAR_FIELDS = [
  'symbol',
  'openTime',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'tradeCount',
  'minutes',
  'lastMinute',
  'capturedAt',
] as const;

/** Days that have candles. */
export const CANDLE_DATES = pickColumns(CANDLES_1D, ['symbol', 'openTime']);

/** As many symbols in one round: what all have in the longest range, as rows and as what is made of them, is much memory. */
const SYMBOLS_A_ROUND = 100;

/** Symbols in parts of which one round asks. */
export function* inRounds(symbols: readonly string[]): Generator<readonly string[]> {
  for (let first = 0; first < symbols.length; first += SYMBOLS_A_ROUND)
    yield symbols.slice(first, first + SYMBOLS_A_ROUND);
}

/**
 * Of each symbol: from the first bucket to the end of the last that begins by `latest`; undefined where there is none.
 */
export function* storedSpans(
  table: BucketTable,
  length: EpochMicros,
  symbols: readonly string[],
  latest?: EpochMicros,
): Inquiry<readonly (TimeRange | undefined)[]> {
  const until = latest === undefined ? {} : { until: latest + 1 };
  const ends = (only: 'first' | 'last'): KeyRange[] => symbols.map((symbol) => ({ prefix: [symbol], ...until, only }));
  const [firsts, lasts] = yield* ask(inRanges(table, ends('first')), inRanges(table, ends('last')));
  const startOf = (row: object): EpochMicros => table.keyOf(row)[1];
  return symbols.map((_, index) => {
    const [[first], [last]] = [firsts[index] ?? [], lasts[index] ?? []];
    return first === undefined || last === undefined
      ? undefined
      : { start: startOf(first), end: startOf(last) + length };
  });
}

/**
 * How many starts in the range any of the tables has, summed over the symbols; counted until there are more than `most`.
 * Other work gets its turn between two symbols.
 */
export async function countStarts(
  rows: RowFinder,
  tables: readonly BucketTable[],
  symbols: readonly string[],
  range: TimeRange,
  most: number,
): Promise<number> {
  let sum = 0;
  for (const symbol of symbols) {
    if (sum > most) break;
    sum += (await rows.find(startsIn(tables, symbol, range))).size;
    await nextTurn();
  }
  return sum;
}

function* startsIn(
  tables: readonly BucketTable[],
  symbol: string,
  { start, end }: TimeRange,
): Inquiry<ReadonlySet<string>> {
  const answers = yield* ask(...tables.map((table) => asText(table, [{ prefix: [symbol], from: start, until: end }])));
  const lines = answers.flatMap(([text = '']) => (text === '' ? [] : text.split('\n')));
  return new Set(lines);
}
