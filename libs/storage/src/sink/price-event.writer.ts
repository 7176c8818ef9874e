import type { PriceEvent } from '@app/domain';
import type { SqliteHandle } from '../database/sqlite-connection';
import { RowInserter } from './row-inserter';
import { TickerDays, TickerDayStatements } from './ticker-days';

const COLUMNS = 'symbol, timestamp, source, last_price, price_change_percent, volume';

const STRAY_EVENT =
  'price_events holds an event that its day in ticker_days does not know; `cli rebuild` makes the database anew';

/** Writes price events to silver and keeps what their day says of itself in gold. Inside write units only. */
export class PriceEventWriter {
  private readonly rows: RowInserter;
  private readonly days: TickerDayStatements;

  constructor(database: SqliteHandle) {
    this.rows = new RowInserter(database, 'INSERT OR IGNORE INTO price_events', COLUMNS);
    this.days = new TickerDayStatements(database);
  }

  /** Takes the events; returns for each whether it was new. A key that is there already is a repeat. */
  write(events: readonly PriceEvent[]): boolean[] {
    const days = new TickerDays(this.days);
    let ahead: PriceEvent[] = [];
    const insertAhead = (): void => {
      if (this.rows.insert(valuesOf(ahead)) < ahead.length) throw new Error(STRAY_EVENT);
      ahead = [];
    };
    const taken = events.map((event) => {
      const day = days.of(event);
      // Later than all that the day has seen: new without a question. The insertion of many could not tell which are.
      if (event.timestamp > day.lastTimestamp) {
        ahead.push(event);
        day.add(event);
        return true;
      }
      insertAhead();
      const isNew = this.rows.insert(valuesOf([event])) === 1;
      if (isNew) day.add(event);
      return isNew;
    });
    insertAhead();
    days.write();
    return taken;
  }
}

/** The values of the events' rows, one after the other, in the order of the columns. */
function valuesOf(events: readonly PriceEvent[]): (string | number)[] {
  const values: (string | number)[] = [];
  for (const { symbol, timestamp, source, lastPrice, priceChangePercent, volume } of events) {
    values.push(symbol, timestamp, source, lastPrice, priceChangePercent, volume);
  }
  return values;
}
