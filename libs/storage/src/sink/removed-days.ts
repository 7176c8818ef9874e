import { DAY, floorTo, type MinuteCandle } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { MINUTES_REMOVED_FACT, StoreFacts } from '../database/store-facts';

/**
 * Knows the days whose minutes were removed after their time of retention: their hours and their own roll-up stand
 * alone, and cannot be made anew of a minute that comes late. Inside write units only.
 */
export class RemovedDays {
  private readonly facts: StoreFacts;
  private readonly selectDay: Statement<[string, number]>;
  private readonly selectMinute: Statement<[string, number, number]>;

  constructor(database: SqliteHandle) {
    this.facts = new StoreFacts(database);
    this.selectDay = database.prepare('SELECT 1 FROM candles_1d WHERE symbol = ? AND open_time = ?');
    this.selectMinute = database.prepare(
      'SELECT 1 FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ? LIMIT 1',
    );
  }

  /** Tells of each candle whether its day was removed, as things stand when it is called. */
  lookup(): (candle: MinuteCandle) => boolean {
    const until = Number(this.facts.get(MINUTES_REMOVED_FACT) ?? 0);
    const known = new Map<string, boolean>();
    return ({ symbol, openTime }) => {
      if (openTime >= until) return false;
      const day = floorTo(openTime, DAY);
      const key = `${symbol} ${day}`;
      const isRemoved = known.get(key) ?? this.isRemoved(symbol, day);
      known.set(key, isRemoved);
      return isRemoved;
    };
  }

  private isRemoved(symbol: string, day: number): boolean {
    return this.selectDay.get(symbol, day) !== undefined && this.selectMinute.get(symbol, day, day + DAY) === undefined;
  }
}
