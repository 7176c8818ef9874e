import type { PriceEvent } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { TickerDays, TickerDayStatements } from './ticker-days';

const COLUMNS = ['symbol', 'timestamp', 'source', 'last_price', 'price_change_percent', 'volume'] as const;
/** In one statement: a fifth less time than one by one. */
const ROWS_AT_ONCE = 20;

const STRAY_EVENT =
  'price_events holds an event that its day in ticker_days does not know; `cli rebuild` makes the database anew';

type ColumnValue = string | number;

/** Writes price events to silver and keeps what their day says of itself in gold. Inside write units only. */
export class PriceEventWriter {
  private readonly insert: Statement<[ColumnValue[]]>;
  private readonly insertMany: Statement<[ColumnValue[]]>;
  private readonly days: TickerDayStatements;

  constructor(database: SqliteHandle) {
    const row = `(${COLUMNS.map(() => '?').join(', ')})`;
    const insert = `INSERT OR IGNORE INTO price_events (${COLUMNS.join(', ')}) VALUES`;
    this.insert = database.prepare<[ColumnValue[]]>(`${insert} ${row}`);
    this.insertMany = database.prepare<[ColumnValue[]]>(
      `${insert} ${Array.from({ length: ROWS_AT_ONCE }, () => row).join(', ')}`,
    );
    this.days = new TickerDayStatements(database);
  }

  /** Takes the events; returns for each whether it was new. A key that is there already is a repeat. */
  write(events: readonly PriceEvent[]): boolean[] {
    const days = new TickerDays(this.days);
    const ahead: ColumnValue[] = [];
    const taken = events.map((event) => {
      const day = days.of(event);
      // Later than all that the day has seen: new without a question. The insertion of many could not tell which are.
      if (event.timestamp > day.lastTimestamp) {
        pushValues(ahead, event);
        if (ahead.length === COLUMNS.length * ROWS_AT_ONCE) this.insertNew(ahead);
        day.add(event);
        return true;
      }
      this.insertNew(ahead);
      const isNew = this.insert.run(pushValues([], event)).changes === 1;
      if (isNew) day.add(event);
      return isNew;
    });
    this.insertNew(ahead);
    days.write();
    return taken;
  }

  /** Inserts rows that cannot be stored yet and empties the list of their values, of {@link ROWS_AT_ONCE} at most. */
  private insertNew(values: ColumnValue[]): void {
    const rows = values.length / COLUMNS.length;
    let inserted = 0;
    if (rows === ROWS_AT_ONCE) inserted = this.insertMany.run(values).changes;
    else {
      for (let start = 0; start < values.length; start += COLUMNS.length) {
        inserted += this.insert.run(values.slice(start, start + COLUMNS.length)).changes;
      }
    }
    if (inserted < rows) throw new Error(STRAY_EVENT);
    values.length = 0;
  }
}

/** Adds the values of an event's row in the order of {@link COLUMNS}. */
function pushValues(values: ColumnValue[], event: PriceEvent): ColumnValue[] {
  values.push(event.symbol, event.timestamp, event.source, event.lastPrice, event.priceChangePercent, event.volume);
  return values;
}
