import { DAY, floorTo, type EpochMicros } from '@app/domain';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { ask, byKeys, inRanges, type Inquiry, type Unit } from '../rows/unit';
import { MINUTE_TRADES, SYMBOL_FRAMES } from './ledger-tables';
import { missingMinutesIn } from './stops-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';

/** Finds the first UTC day from a time on of which minutes of a symbol are stored. */
export function* nextDayOfMinutes(symbol: string, from: EpochMicros): Inquiry<EpochMicros | undefined> {
  const [[found = []]] = yield* ask(inRanges(MINUTE_TRADES, [{ prefix: [symbol], from, only: 'first' }]));
  const [minute] = found;
  return minute && floorTo(minute.openTime, DAY);
}

/**
 * Removes the minutes of a UTC day, whose time of retention is over, with all their captures. Only where none of the day
 * is missing: what is made of them stays, and never changes any more. Returns how many minutes were removed.
 */
export function* removeMinutesUnit(symbol: string, day: EpochMicros): Unit<number> {
  const end = day + DAY;
  const range = { prefix: [symbol], from: day, until: end };
  const [[frame], [fact]] = yield* ask(
    byKeys(SYMBOL_FRAMES, [[symbol]]),
    byKeys(STORE_FACTS, [[MINUTES_REMOVED_FACT]]),
  );
  const due = { start: Math.max(day, frame?.ledgerStart ?? day), end };
  const missing = yield* missingMinutesIn(symbol, due);
  if (missing.length > 0) return { outcome: 0, changes: [] };
  const [[minutes = []]] = yield* ask(inRanges(MINUTE_TRADES, [range]));
  const until = Math.max(end, Number(fact?.value ?? 0));
  return {
    outcome: minutes.length,
    changes: [
      { kind: 'put', table: STORE_FACTS, rows: [{ name: MINUTES_REMOVED_FACT, value: String(until) }] },
      { kind: 'remove', table: CANDLE_REPEATS, ranges: [range] },
      { kind: 'remove', table: CANDLE_REVISIONS, ranges: [range] },
      { kind: 'remove', table: CANDLES_1M, ranges: [range] },
    ],
  };
}
