import { DAY, floorTo, type EpochMicros, type RangeChange, type TimeRange } from '@app/domain';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { pickColumns } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type Unit } from '../rows/unit';
import { MINUTE_TRADES, SYMBOL_FRAMES } from './ledger-tables';
import { PRICE_EVENTS } from './price-unit';
import { missingMinutesIn } from './stops-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';

/** Rows that one unit removes at most, so that it stays short. */
export const ROWS_A_UNIT = 5_000;

/** When prices were polled; to be read and removed by. */
export const PRICE_KEYS = pickColumns(PRICE_EVENTS, ['symbol', 'timestamp', 'source']);

/** Before when minutes go that are kept for so many days: whole UTC days of them. */
export function minutesGoBefore(now: EpochMicros, days: number): EpochMicros {
  return floorTo(now, DAY) - days * DAY;
}

/** Before when polled prices go that are kept for so many days. */
export function pricesGoBefore(now: EpochMicros, days: number): EpochMicros {
  return now - days * DAY;
}

/** Finds the first UTC day of which minutes of a symbol are stored, within a time of whole days. */
export function* nextDayOfMinutes(symbol: string, { start, end }: TimeRange): Inquiry<EpochMicros | undefined> {
  const [[found = []]] = yield* ask(
    inRanges(MINUTE_TRADES, [{ prefix: [symbol], from: start, until: end, only: 'first' }]),
  );
  const [minute] = found;
  return minute && floorTo(minute.openTime, DAY);
}

/**
 * Removes the minutes of a UTC day, whose time of retention is over, with all their captures. Only where none of the day
 * is missing: what is made of them stays, and never changes any more. Returns what was removed.
 */
export function* removeMinutesUnit(symbol: string, day: EpochMicros): Unit<RangeChange | undefined> {
  const end = day + DAY;
  const range = { prefix: [symbol], from: day, until: end };
  const [[frame], [fact]] = yield* ask(
    byKeys(SYMBOL_FRAMES, [[symbol]]),
    byKeys(STORE_FACTS, [[MINUTES_REMOVED_FACT]]),
  );
  const due = { start: Math.max(day, frame?.ledgerStart ?? day), end };
  const missing = yield* missingMinutesIn(symbol, due);
  if (missing.length > 0) return { outcome: undefined, changes: [] };
  const [[minutes = []]] = yield* ask(inRanges(MINUTE_TRADES, [range]));
  const until = Math.max(end, Number(fact?.value ?? 0));
  return {
    outcome: removedRange({ symbol, start: day, end, count: minutes.length }),
    changes: [
      { kind: 'put', table: STORE_FACTS, rows: [{ name: MINUTES_REMOVED_FACT, value: String(until) }] },
      { kind: 'remove', table: CANDLE_REPEATS, ranges: [range] },
      { kind: 'remove', table: CANDLE_REVISIONS, ranges: [range] },
      { kind: 'remove', table: CANDLES_1M, ranges: [range] },
    ],
  };
}

/**
 * Removes the oldest prices of a symbol, at most so many, of those polled before a time. The newest one stays, whenever it
 * was polled. Returns what was removed; undefined once there is nothing left to remove.
 */
export function* removePricesUnit(
  symbol: string,
  before: EpochMicros,
  most = ROWS_A_UNIT,
): Unit<RangeChange | undefined> {
  const [[last = []], [oldest = []]] = yield* ask(
    inRanges(PRICE_KEYS, [{ prefix: [symbol], only: 'last' }]),
    inRanges(PRICE_KEYS, [{ prefix: [symbol], until: before, only: most + 1 }]),
  );
  const until = Math.min(before, last[0]?.timestamp ?? 0);
  // Prices of one instant go together.
  const end = Math.min(until, oldest[most]?.timestamp ?? until);
  const count = oldest.filter(({ timestamp }) => timestamp < end).length;
  return {
    outcome: removedRange({ symbol, start: 0, end, count }),
    changes: [{ kind: 'remove', table: PRICE_KEYS, ranges: count === 0 ? [] : [{ prefix: [symbol], until: end }] }],
  };
}

function removedRange(range: RangeChange): RangeChange | undefined {
  return range.count === 0 ? undefined : range;
}
