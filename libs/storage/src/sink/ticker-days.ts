import { DAY, compareDecimalTexts, floorTo, type EpochMicros, type PriceEvent } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

interface TickerDayRow {
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  first_timestamp: number;
  last_timestamp: number;
}

/** First and last by name of the sources that have an event of a symbol at one instant. */
interface InstantSources {
  readonly first: string;
  readonly last: string;
}

/** Statements on what price events say of their days. */
export class TickerDayStatements {
  readonly select: Statement<[string, EpochMicros], TickerDayRow>;
  readonly upsert: Statement;
  readonly insertSymbol: Statement<[string]>;
  readonly selectSources: Statement<[string, EpochMicros], InstantSources>;

  constructor(database: SqliteHandle) {
    this.select = database.prepare(
      `SELECT open, high, low, close, volume, first_timestamp, last_timestamp FROM ticker_days
       WHERE symbol = ? AND date = ?`,
    );
    this.upsert = database.prepare(
      `INSERT OR REPLACE INTO ticker_days
         (symbol, date, open, high, low, close, volume, first_timestamp, last_timestamp)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.insertSymbol = database.prepare('INSERT OR IGNORE INTO symbols (symbol) VALUES (?)');
    this.selectSources = database.prepare(
      'SELECT min(source) AS first, max(source) AS last FROM price_events WHERE symbol = ? AND timestamp = ?',
    );
  }
}

/** What the price events of one symbol say of one UTC day. */
class TickerDay {
  private row: TickerDayRow | undefined;
  private isChanged = false;

  constructor(
    private readonly symbol: string,
    private readonly date: EpochMicros,
    private readonly statements: TickerDayStatements,
  ) {
    this.row = statements.select.get(symbol, date);
  }

  /** Instant of its last event; before all instants where it has none. */
  get lastTimestamp(): EpochMicros {
    return this.row?.last_timestamp ?? -Infinity;
  }

  /** Adds an event that is new. One that is not later than the last must have its row, as all before it must. */
  add({ timestamp, source, lastPrice, volume }: PriceEvent): void {
    this.isChanged = true;
    const { row } = this;
    if (!row) {
      this.statements.insertSymbol.run(this.symbol);
      this.row = {
        open: lastPrice,
        high: lastPrice,
        low: lastPrice,
        close: lastPrice,
        volume,
        first_timestamp: timestamp,
        last_timestamp: timestamp,
      };
      return;
    }
    // Of several sources at one instant the first by name opens and the last closes, whichever came first.
    if (
      timestamp < row.first_timestamp ||
      (timestamp === row.first_timestamp && source === this.sources(timestamp)?.first)
    ) {
      row.open = lastPrice;
      row.first_timestamp = timestamp;
    }
    if (
      timestamp > row.last_timestamp ||
      (timestamp === row.last_timestamp && source === this.sources(timestamp)?.last)
    ) {
      row.close = lastPrice;
      row.volume = volume;
      row.last_timestamp = timestamp;
    }
    if (compareDecimalTexts(lastPrice, row.high) > 0) row.high = lastPrice;
    else if (compareDecimalTexts(lastPrice, row.low) < 0) row.low = lastPrice;
  }

  write(): void {
    const { symbol, date, row } = this;
    if (!row || !this.isChanged) return;
    const { open, high, low, close, volume, first_timestamp: first, last_timestamp: last } = row;
    this.statements.upsert.run(symbol, date, open, high, low, close, volume, first, last);
  }

  private sources(timestamp: EpochMicros): InstantSources | undefined {
    return this.statements.selectSources.get(this.symbol, timestamp);
  }
}

/** The days that one unit of work adds price events to. Inside write units only. */
export class TickerDays {
  private readonly days = new Map<EpochMicros, Map<string, TickerDay>>();

  constructor(private readonly statements: TickerDayStatements) {}

  /** The day of an event. */
  of({ symbol, timestamp }: PriceEvent): TickerDay {
    const date = floorTo(timestamp, DAY);
    const symbols = this.days.get(date) ?? new Map<string, TickerDay>();
    const known = symbols.get(symbol);
    if (known) return known;
    const day = new TickerDay(symbol, date, this.statements);
    this.days.set(date, symbols.set(symbol, day));
    return day;
  }

  /** Writes the days that have changed. */
  write(): void {
    for (const symbols of this.days.values()) for (const day of symbols.values()) day.write();
  }
}
