import { DAY, type EpochMicros } from '@app/domain';
import { polledDayOf, type PolledPrice, type TickerDayRow } from '@app/history';
import type { ReadStore } from './read-store';

/** What the price events of one symbol say of one UTC day, as gold has it. */
export type StoredTickerDay = Omit<TickerDayRow, 'symbol' | 'firstTimestamp'>;

const EVENTS = `SELECT timestamp, source, last_price AS lastPrice, volume FROM price_events
  WHERE symbol = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ? ORDER BY timestamp, source`;

/**
 * A day of which gold has seen an event that is stamped ahead of its time: made anew of those that count by now; undefined
 * when there is none.
 */
export function tickerDayUntil(
  store: ReadStore,
  symbol: string,
  row: StoredTickerDay,
  latest: EpochMicros,
): StoredTickerDay | undefined {
  if (row.lastTimestamp <= latest) return row;
  const { date } = row;
  const events = store
    .statement<[string, EpochMicros, EpochMicros, EpochMicros], PolledPrice>(EVENTS)
    .iterate(symbol, date, date + DAY, latest);
  return polledDayOf(symbol, date, events);
}
