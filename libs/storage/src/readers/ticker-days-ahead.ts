import { DAY, type EpochMicros } from '@app/domain';
import { polledDayOf, type PolledDayValues, type PolledPrice } from '@app/history';
import type { ReadStore } from './read-store';

/** What the price events of one symbol say of one UTC day, as gold has it. */
export interface TickerDayRow extends Readonly<Omit<PolledDayValues, 'firstTimestamp'>> {
  readonly date: EpochMicros;
}

const EVENTS = `SELECT timestamp, source, last_price AS lastPrice, volume FROM price_events
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
  if (row.lastTimestamp <= latest) return row;
  const { date } = row;
  const events = store
    .statement<[string, EpochMicros, EpochMicros, EpochMicros], PolledPrice>(EVENTS)
    .iterate(symbol, date, date + DAY, latest);
  const day = polledDayOf(events);
  return day && { ...day, date };
}
