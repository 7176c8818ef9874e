import { DAY, floorTo, maxDecimalText, minDecimalText, type PriceEvent } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

interface TickerDayRow {
  symbol: string;
  date: number;
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

/** Writes price events to silver and keeps what their day says of itself in gold. Inside write units only. */
export class PriceEventWriter {
  private readonly insert: Statement;
  private readonly selectDay: Statement<[string, number], TickerDayRow>;
  private readonly upsertDay: Statement;
  private readonly insertSymbol: Statement<[string]>;
  private readonly selectSources: Statement<[string, number], InstantSources>;

  constructor(database: SqliteHandle) {
    this.insert = database.prepare(
      `INSERT OR IGNORE INTO price_events (symbol, timestamp, source, last_price, price_change_percent, volume)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.selectDay = database.prepare('SELECT * FROM ticker_days WHERE symbol = ? AND date = ?');
    this.upsertDay = database.prepare(
      `INSERT OR REPLACE INTO ticker_days
         (symbol, date, open, high, low, close, volume, first_timestamp, last_timestamp)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.selectSources = database.prepare(
      'SELECT min(source) AS first, max(source) AS last FROM price_events WHERE symbol = ? AND timestamp = ?',
    );
    this.insertSymbol = database.prepare('INSERT OR IGNORE INTO symbols (symbol) VALUES (?)');
  }

  /** Takes the events; returns for each whether it was new. A key that is there already is a repeat. */
  write(events: readonly PriceEvent[]): boolean[] {
    const days = new Map<string, TickerDayRow>();
    const taken = events.map((event) => {
      const { symbol, timestamp, source, lastPrice, priceChangePercent, volume } = event;
      const isNew = this.insert.run(symbol, timestamp, source, lastPrice, priceChangePercent, volume).changes === 1;
      if (isNew) this.addToDay(days, event);
      return isNew;
    });
    for (const day of days.values()) this.writeDay(day);
    return taken;
  }

  private writeDay(day: TickerDayRow): void {
    const { symbol, date, open, high, low, close, volume, first_timestamp, last_timestamp } = day;
    this.upsertDay.run(symbol, date, open, high, low, close, volume, first_timestamp, last_timestamp);
  }

  private addToDay(days: Map<string, TickerDayRow>, event: PriceEvent): void {
    const { symbol, timestamp, source, lastPrice, volume } = event;
    const date = floorTo(timestamp, DAY);
    const key = `${date} ${symbol}`;
    const day = days.get(key) ?? this.selectDay.get(symbol, date);
    if (!day) {
      this.insertSymbol.run(symbol);
      days.set(key, {
        symbol,
        date,
        open: lastPrice,
        high: lastPrice,
        low: lastPrice,
        close: lastPrice,
        volume,
        first_timestamp: timestamp,
        last_timestamp: timestamp,
      });
      return;
    }
    // Of several sources at one instant the first by name opens and the last closes, whichever came first.
    if (
      timestamp < day.first_timestamp ||
      (timestamp === day.first_timestamp && source === this.sources(event)?.first)
    ) {
      day.open = lastPrice;
      day.first_timestamp = timestamp;
    }
    if (timestamp > day.last_timestamp || (timestamp === day.last_timestamp && source === this.sources(event)?.last)) {
      day.close = lastPrice;
      day.volume = volume;
      day.last_timestamp = timestamp;
    }
    day.high = maxDecimalText(day.high, lastPrice);
    day.low = minDecimalText(day.low, lastPrice);
    days.set(key, day);
  }

  private sources({ symbol, timestamp }: PriceEvent): InstantSources | undefined {
    return this.selectSources.get(symbol, timestamp);
  }
}
