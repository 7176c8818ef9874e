import {
  DAY,
  MINUTE,
  PAGE_ROWS,
  ceilTo,
  floorTo,
  nextTurn,
  storedCandlesIn,
  storedIntervalOf,
  type BucketGrid,
  type CandleInterval,
  type EpochMicros,
  type StoredCandle,
  type TimeRange,
} from '@app/domain';
import { inBuckets, rolledCandle, type CandlePart } from '../bucket-candles';
import { mergeRollUps, rollUpJoined, type JoinedMinute, type RollUp } from '../roll-up';
import type { AccountOf } from '../stops';
import type { CandleLevel, LevelPage } from './candle-level';
import type { StoredRollUp } from './candle-rows';
import type { MinuteAccounts } from './minute-accounts';
import type { RolledDays } from './rolled-days';

/** Whole days that one read of the store brings where days are remembered: their minutes are fewer than those rows. */
const DAYS_READ = 3;

/** What larger candles are made of, and how. */
interface Parts<Part> {
  readonly page: (from: EpochMicros, until: EpochMicros, size: number) => LevelPage<CandlePart<Part>>;
  readonly merge: (parts: readonly Part[]) => RollUp | undefined;
  readonly accounts: (range: TimeRange) => AccountOf;
}

/** Candles of whole days, kept from one question to the next. */
interface KnownDays<Part> {
  /** Open time of the first minute that is stored in the range. */
  readonly firstIn: (range: TimeRange) => EpochMicros | undefined;
  /** Candles of as many days from the start of a day on as are known, by day; none where that day is not. */
  readonly from: (start: EpochMicros, end: EpochMicros) => (readonly StoredRollUp[])[];
  readonly remember: (day: EpochMicros, rows: readonly CandlePart<Part>[], candles: readonly StoredRollUp[]) => void;
}

/** Minutes of a range (by open time) in chunks; `size` of the first one, later ones are larger. */
export async function* minuteChunks(
  level: CandleLevel,
  { start, end }: TimeRange,
  size: number,
): AsyncGenerator<readonly StoredCandle[]> {
  let rows = Math.min(size, PAGE_ROWS);
  for (let from: EpochMicros | undefined = start; from !== undefined;) {
    const page = level.minutes(from, end, rows);
    yield page.rows;
    from = page.next;
    rows = PAGE_ROWS;
    await nextTurn();
  }
}

/**
 * Candles of any interval but `1m`, in chunks, made of the coarsest stored interval that divides it: those that open in
 * the range, each whole. A candle is made of the rows of one read of the store, so that it never mixes two states of it.
 * `days` are candles that were made of minutes before, for candles as they are now.
 */
export function bucketChunks(
  level: CandleLevel,
  accounts: MinuteAccounts,
  symbol: string,
  interval: CandleInterval,
  grid: BucketGrid,
  range: TimeRange,
  buckets: number,
  days: RolledDays | undefined,
): AsyncGenerator<StoredCandle[]> {
  const stored = storedIntervalOf(interval);
  // One bucket more, so that the last one asked for is seen to be complete.
  const size = Math.min(PAGE_ROWS, (buckets + 1) * storedCandlesIn(interval));
  if (stored === '1m') {
    const minutes: Parts<JoinedMinute> = {
      page: level.minuteParts.bind(level),
      merge: rollUpJoined,
      accounts: accounts.within.bind(accounts),
    };
    return chunksOf(minutes, symbol, grid, range, size, days && knownDays(level, days, symbol, interval));
  }
  const rollUps: Parts<RollUp> = {
    page: level.rollUpParts.bind(level, stored),
    merge: mergeRollUps,
    accounts: (time) => (stored === '1d' ? accounts.withinDays(time) : accounts.within(time)),
  };
  return chunksOf(rollUps, symbol, grid, range, size);
}

function knownDays(
  level: CandleLevel,
  days: RolledDays,
  symbol: string,
  interval: CandleInterval,
): KnownDays<JoinedMinute> {
  return {
    firstIn: ({ start, end }) => level.firstMinute(start, end),
    from: (start, end) => days.from(symbol, interval, start, end),
    remember: (day, rows, candles) => {
      const minutes = rows.flatMap(({ part }) => (part ? [part] : []));
      days.remember(symbol, interval, day, minutes, candles);
    },
  };
}

async function* chunksOf<Part>(
  { page: read, merge, accounts }: Parts<Part>,
  symbol: string,
  grid: BucketGrid,
  range: TimeRange,
  firstSize: number,
  days?: KnownDays<Part>,
): AsyncGenerator<StoredCandle[]> {
  const end = grid.endOf(range.end - 1);
  const candlesOf = (rolled: readonly StoredRollUp[]): StoredCandle[] => {
    const [first, last] = [rolled[0], rolled.at(-1)];
    if (!first || !last) return [];
    const account = accounts({ start: first.openTime, end: grid.endOf(last.openTime) });
    return rolled.map(({ openTime, rollUp }) => {
      const bucket = { start: openTime, end: grid.endOf(openTime) };
      return rolledCandle(symbol, bucket, rollUp, account(bucket, rollUp));
    });
  };
  let size = firstSize;
  for (let from: EpochMicros | undefined = grid.firstFrom(range.start); from !== undefined && from < end;) {
    let until = end;
    if (days) {
      const first = days.firstIn({ start: from, end });
      if (first === undefined) return;
      from = Math.max(from, floorTo(first, DAY));
      const known = floorTo(from, DAY) === from ? days.from(from, end) : [];
      if (known.length > 0) {
        yield candlesOf(known.flat());
        from += known.length * DAY;
        await nextTurn();
        continue;
      }
      until = Math.min(end, floorTo(from, DAY) + DAYS_READ * DAY);
    }
    const { rows, next } = read(from, until, size);
    const found = inBuckets(rows, grid);
    const readFrom: EpochMicros = from;
    // The last bucket of a full page may have more rows: it begins the next page.
    if (next !== undefined && found.length > 1) from = found.pop()?.openTime;
    else if (next !== undefined) found.pop();
    else from = until < end ? until : undefined;
    size = next !== undefined && found.length === 0 ? size * 2 : PAGE_ROWS;
    const rolled = found.flatMap(({ openTime, parts }) => {
      const rollUp = merge(parts);
      return rollUp ? [{ openTime, rollUp }] : [];
    });
    if (days) rememberDays(days, { start: readFrom, end: from ?? end }, rows, rolled);
    yield candlesOf(rolled);
    await nextTurn();
  }
}

/** Remembers the whole days of a range that was read, but for one that is still going on. */
function rememberDays<Part>(
  days: KnownDays<Part>,
  { start, end }: TimeRange,
  rows: readonly CandlePart<Part>[],
  candles: readonly StoredRollUp[],
): void {
  for (let day = ceilTo(start, DAY); day + DAY <= end; day += DAY) {
    const isOfDay = ({ openTime }: { readonly openTime: EpochMicros }): boolean =>
      openTime >= day && openTime < day + DAY;
    const minutes = rows.filter(isOfDay);
    const isOver = (minutes.at(-1)?.openTime ?? 0) >= day + DAY - MINUTE;
    if (isOver) days.remember(day, minutes, candles.filter(isOfDay));
  }
}
