import { DAY, MINUTE, compareDecimalTexts, floorTo, type EpochMicros, type ReachEvidence } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** Prices that are held against the minutes of their stamps. */
const PRICES_COMPARED = 300;
/** A stamp may be a little off, and a price is that of the last trade. */
const MINUTES_AROUND = 2;
/** A ledger is looked at when its begin is further back than this, and its first prices end in a pause as long. */
const PAUSE: EpochMicros = DAY;
/** The first poll comes just before or after the ledger begins. */
const BEFORE_TRACKING: EpochMicros = 10 * MINUTE;

interface PriceRow {
  readonly timestamp: EpochMicros;
  readonly last_price: string;
}

interface RangeRow {
  readonly high: string;
  readonly low: string;
}

/**
 * Tells whether a ledger began by a clock that was behind: then the first polled prices are not those of the minutes at
 * their stamps, which the exchange has told as they were. Reads only.
 */
export class LedgerReach {
  private readonly selectUnchecked: Statement<[string, EpochMicros], EpochMicros>;
  private readonly firstPrices: Statement<[string, EpochMicros, number], PriceRow>;
  private readonly minutesAround: Statement<[string, EpochMicros, EpochMicros], RangeRow>;
  private readonly afterPause: Statement<[string, EpochMicros], EpochMicros>;

  constructor(database: SqliteHandle) {
    this.selectUnchecked = database
      .prepare<[string, EpochMicros], EpochMicros>(
        `SELECT tracked_since FROM symbols
         WHERE symbol = ? AND backfill_planned = 1 AND reach_checked = 0 AND tracked_since < ?`,
      )
      .pluck();
    this.firstPrices = database.prepare(
      'SELECT timestamp, last_price FROM price_events WHERE symbol = ? AND timestamp >= ? ORDER BY timestamp LIMIT ?',
    );
    this.minutesAround = database.prepare(
      'SELECT high, low FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ? AND trade_count > 0',
    );
    this.afterPause = database
      .prepare<[string, EpochMicros], EpochMicros>(
        `SELECT timestamp FROM (
           SELECT timestamp, lag(timestamp) OVER (ORDER BY timestamp) AS before FROM price_events
           WHERE symbol = ? AND timestamp >= ?)
         WHERE timestamp - before > ${PAUSE} LIMIT 1`,
      )
      .pluck();
  }

  /** Undefined for a symbol without a ledger, with one that is young, and with one that was looked at before. */
  of(symbol: string, now: EpochMicros): ReachEvidence | undefined {
    const trackedSince = this.selectUnchecked.get(symbol, now - PAUSE);
    if (trackedSince === undefined) return undefined;
    const from = trackedSince - BEFORE_TRACKING;
    let [compared, outside] = [0, 0];
    let before: EpochMicros | undefined;
    for (const { timestamp, last_price: price } of this.firstPrices.all(symbol, from, PRICES_COMPARED)) {
      if (before !== undefined && timestamp - before > PAUSE) break;
      before = timestamp;
      const minute = floorTo(timestamp, MINUTE);
      const around = this.minutesAround.all(
        symbol,
        minute - MINUTES_AROUND * MINUTE,
        minute + (MINUTES_AROUND + 1) * MINUTE,
      );
      if (around.length === 0) continue;
      compared += 1;
      const isWithin = around.some(({ low }) => compareDecimalTexts(price, low) >= 0);
      if (!isWithin || around.every(({ high }) => compareDecimalTexts(price, high) > 0)) outside += 1;
    }
    return {
      trackedSince,
      compared,
      outside,
      resumedAt: outside === 0 ? undefined : this.afterPause.get(symbol, from),
    };
  }
}
