import {
  MILLISECOND,
  mergeAllRollUps,
  nextTurn,
  storedCandlesIn,
  storedIntervalOf,
  type BucketGrid,
  type CandleInterval,
  type EpochMicros,
  type MinuteAccount,
  type RollUp,
  type StoredCandle,
  type TimeRange,
} from '@app/domain';
import type { CandleLevel, CandlePart, LevelPage } from './candle-level';
import { rollUpJoined, type JoinedMinute } from './joined-minutes';
import type { AccountOf, MinuteAccounts } from './minute-accounts';

/** Most rows that one statement reads: no read transaction is longer. */
const MAX_ROWS = 5_000;

/** `source` of all candles but minutes: they are made here, from minutes of the exchange. */
export const ROLL_UP_SOURCE = 'rollup_1m';

/** What larger candles are made of, and how. */
interface Parts<Part> {
  readonly page: (from: EpochMicros, until: EpochMicros, size: number) => LevelPage<CandlePart<Part>>;
  readonly merge: (parts: readonly Part[]) => RollUp | undefined;
  readonly accounts: (range: TimeRange) => AccountOf;
}

interface Bucket<Part> {
  readonly openTime: EpochMicros;
  readonly parts: Part[];
}

/** What a roll-up is as the candle of a bucket. */
export function rolledCandle(
  symbol: string,
  { start, end }: TimeRange,
  rollUp: RollUp,
  account: MinuteAccount,
): StoredCandle {
  return {
    symbol,
    openTime: start,
    closeTime: end - MILLISECOND,
    open: rollUp.open,
    high: rollUp.high,
    low: rollUp.low,
    close: rollUp.close,
    volume: rollUp.volume,
    quoteVolume: rollUp.quoteVolume,
    tradeCount: rollUp.tradeCount,
    takerBuyVolume: rollUp.takerBuyVolume,
    takerBuyQuoteVolume: rollUp.takerBuyQuoteVolume,
    source: ROLL_UP_SOURCE,
    capturedAt: rollUp.capturedAt,
    revision: rollUp.revision,
    account,
  };
}

/** Minutes of a range (by open time) in chunks; `size` of the first one, later ones are larger. */
export async function* minuteChunks(
  level: CandleLevel,
  { start, end }: TimeRange,
  size: number,
): AsyncGenerator<readonly StoredCandle[]> {
  let rows = Math.min(size, MAX_ROWS);
  for (let from: EpochMicros | undefined = start; from !== undefined;) {
    const page = level.minutes(from, end, rows);
    yield page.rows;
    from = page.next;
    rows = MAX_ROWS;
    await nextTurn();
  }
}

/**
 * Candles of any interval but `1m`, in chunks, made of the coarsest stored interval that divides it: those that open in
 * the range, each whole. A candle is made of the rows of one statement, so that it never mixes two states of the store.
 */
export function bucketChunks(
  level: CandleLevel,
  accounts: MinuteAccounts,
  symbol: string,
  interval: CandleInterval,
  grid: BucketGrid,
  range: TimeRange,
  buckets: number,
): AsyncGenerator<StoredCandle[]> {
  const stored = storedIntervalOf(interval);
  // One bucket more, so that the last one asked for is seen to be complete.
  const size = Math.min(MAX_ROWS, (buckets + 1) * storedCandlesIn(interval));
  if (stored === '1m') {
    const minutes: Parts<JoinedMinute> = {
      page: level.minuteParts.bind(level),
      merge: rollUpJoined,
      accounts: accounts.within.bind(accounts),
    };
    return chunksOf(minutes, symbol, grid, range, size);
  }
  const rollUps: Parts<RollUp> = {
    page: level.rollUpParts.bind(level, stored),
    merge: mergeAllRollUps,
    accounts: (time) => (stored === '1d' ? accounts.withinDays(time) : accounts.within(time)),
  };
  return chunksOf(rollUps, symbol, grid, range, size);
}

async function* chunksOf<Part>(
  { page: read, merge, accounts }: Parts<Part>,
  symbol: string,
  grid: BucketGrid,
  range: TimeRange,
  firstSize: number,
): AsyncGenerator<StoredCandle[]> {
  const end = grid.endOf(range.end - 1);
  const candlesOf = (buckets: readonly Bucket<Part>[]): StoredCandle[] => {
    const [first, last] = [buckets[0], buckets.at(-1)];
    if (!first || !last) return [];
    const account = accounts({ start: first.openTime, end: grid.endOf(last.openTime) });
    return buckets.flatMap(({ openTime, parts }) => {
      const rollUp = merge(parts);
      const bucket = { start: openTime, end: grid.endOf(openTime) };
      return rollUp ? rolledCandle(symbol, bucket, rollUp, account(bucket, rollUp)) : [];
    });
  };
  let size = firstSize;
  for (let from: EpochMicros | undefined = grid.firstFrom(range.start); from !== undefined && from < end;) {
    const { rows, next } = read(from, end, size);
    const found: Bucket<Part>[] = [];
    for (const { openTime, part } of rows) {
      const start = grid.startOf(openTime);
      const last = found.at(-1);
      const bucket = last?.openTime === start ? last : { openTime: start, parts: [] };
      if (bucket !== last) found.push(bucket);
      if (part) bucket.parts.push(part);
    }
    // The last bucket of a full page may have more rows: it begins the next page.
    if (next !== undefined && found.length > 1) from = found.pop()?.openTime;
    else if (next !== undefined) found.pop();
    else from = undefined;
    size = next !== undefined && found.length === 0 ? size * 2 : MAX_ROWS;
    yield candlesOf(found);
    await nextTurn();
  }
}
