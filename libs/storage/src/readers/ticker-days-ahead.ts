import { DAY, compareDecimalTexts, type EpochMicros } from '@app/domain';
import type { ReadStore } from './read-store';

/** What the price events of one symbol say of one UTC day. */
export interface TickerDayRow {
  readonly date: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly last_timestamp: number;
}

interface EventRow {
  readonly timestamp: number;
  readonly last_price: string;
  readonly volume: string;
}

const EVENTS = `SELECT timestamp, last_price, volume FROM price_events
  WHERE symbol = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ? ORDER BY timestamp, source`;

/**
 * A day of which gold has seen an event that is stamped ahead of its time: made anew of those that count by now; undefined
 * when there is none.
 */
export function tickerDayUntil(
  store: ReadStore,
  symbol: string,
  row: TickerDayRow,
  latest: EpochMicros,
): TickerDayRow | undefined {
  if (row.last_timestamp <= latest) return row;
  const { date } = row;
  const events = store
    .statement<[string, EpochMicros, EpochMicros, EpochMicros], EventRow>(EVENTS)
    .iterate(symbol, date, date + DAY, latest);
  let day: TickerDayRow | undefined;
  for (const { timestamp, last_price: price, volume } of events) {
    const { open = price, high = price, low = price } = day ?? {};
    day = {
      date,
      open,
      high: compareDecimalTexts(price, high) > 0 ? price : high,
      low: compareDecimalTexts(price, low) < 0 ? price : low,
      close: price,
      volume,
      last_timestamp: timestamp,
    };
  }
  return day;
}
