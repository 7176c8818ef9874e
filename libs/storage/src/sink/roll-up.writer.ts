import { DAY, HOUR, floorTo, type EpochMicros } from '@app/domain';
import {
  changedBuckets,
  extendedRollUp,
  mergeRollUps,
  rollUpBy,
  rollUpMinutes,
  type RollUp,
  type RollUpMinute,
} from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import {
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  ROLL_UP_VALUE_COLUMNS,
  parametersOf,
  rollUpOfValues,
  rollUpValues,
  toStoredMinute,
  type ColumnValues,
  type MinuteCandleRow,
  type RollUpRowValues,
} from './candle-row';

/** What a write unit did to the minutes of one symbol. */
export interface ChangedMinutes {
  readonly symbol: string;
  /** Minutes that were not there before. */
  readonly added: readonly RollUpMinute[];
  /** Open times of minutes whose numbers changed. */
  readonly revised: readonly EpochMicros[];
}

interface Level {
  readonly length: EpochMicros;
  readonly select: Statement<[string, number], RollUpRowValues>;
  readonly upsert: Statement<ColumnValues[number][]>;
}

/**
 * Keeps hours and days in step with the minutes, in the same transaction. A minute that comes after all others of its
 * bucket is merged into it; a late or revised one has its hour made anew from its minutes, and its day from its hours.
 */
export class RollUpWriter {
  private readonly hours: Level;
  private readonly days: Level;
  private readonly minutesOfHour: Statement<[string, number, number], MinuteCandleRow>;
  private readonly hoursOfDay: Statement<[string, number, number], RollUpRowValues>;

  constructor(database: SqliteHandle) {
    const level = (table: string, length: EpochMicros): Level => ({
      length,
      select: database
        .prepare<[string, number], RollUpRowValues>(
          `SELECT ${ROLL_UP_VALUE_COLUMNS} FROM ${table} WHERE symbol = ? AND open_time = ?`,
        )
        .raw(),
      upsert: database.prepare(
        `INSERT OR REPLACE INTO ${table} (${ROLL_UP_COLUMNS}) VALUES (${parametersOf(ROLL_UP_COLUMNS)})`,
      ),
    });
    this.hours = level('candles_1h', HOUR);
    this.days = level('candles_1d', DAY);
    this.minutesOfHour = database.prepare(
      `SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`,
    );
    this.hoursOfDay = database
      .prepare<[string, number, number], RollUpRowValues>(
        `SELECT ${ROLL_UP_VALUE_COLUMNS} FROM candles_1h
         WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`,
      )
      .raw();
  }

  /** Brings the hours and days of the changed minutes up to date; the minutes themselves are written before. */
  update({ symbol, added, revised }: ChangedMinutes): void {
    const sorted = [...added].sort((a, b) => a.openTime - b.openTime);
    this.updateLevel(this.hours, symbol, sorted, revised, (start) =>
      rollUpMinutes(this.minutesOfHour.all(symbol, start, start + HOUR).map(toStoredMinute)),
    );
    this.updateLevel(this.days, symbol, sorted, revised, (start) =>
      mergeRollUps(this.hoursOfDay.all(symbol, start, start + DAY).map(rollUpOfValues)),
    );
  }

  /** Whether anything of a UTC day has been rolled up; `day` is its start. */
  hasDay(symbol: string, day: EpochMicros): boolean {
    return this.days.select.get(symbol, day) !== undefined;
  }

  /** Rolls up the minutes of a day of which nothing has been rolled up yet: ascending, all of one UTC day. */
  fillDay(symbol: string, minutes: readonly RollUpMinute[]): void {
    const hours = rollUpBy(minutes, HOUR);
    for (const [start, hour] of hours) this.hours.upsert.run(...rollUpValues(symbol, start, hour));
    const day = mergeRollUps(hours.values());
    if (day) this.days.upsert.run(...rollUpValues(symbol, floorTo(day.lastMinute, DAY), day));
  }

  private updateLevel(
    { length, select, upsert }: Level,
    symbol: string,
    added: readonly RollUpMinute[],
    revised: readonly EpochMicros[],
    recompute: (start: EpochMicros) => RollUp | undefined,
  ): void {
    for (const { start, ...bucket } of changedBuckets(length, added, revised)) {
      const row = select.get(symbol, start);
      const rollUp = extendedRollUp(row && rollUpOfValues(row), bucket) ?? recompute(start);
      if (rollUp) upsert.run(...rollUpValues(symbol, start, rollUp));
    }
  }
}
