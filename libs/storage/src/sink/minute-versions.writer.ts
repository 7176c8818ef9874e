import type { ClockSpan, MinuteCandle } from '@app/domain';
import {
  firstCapture,
  isSameCapture,
  placeCapture,
  repeatedCapture,
  repeatsCurrent,
  restampCaptures,
  type ArrangedMinute,
  type KnownMinute,
  type RestampOutcome,
  type VersionOutcome,
} from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import {
  MINUTE_COLUMNS,
  REPEAT_COLUMNS,
  captureValues,
  minuteValues,
  parametersOf,
  toMinuteCandle,
  type ColumnValues,
  type MinuteCandleRow,
  type RepeatRow,
} from './candle-row';

/**
 * Keeps what is known of each minute as {@link placeCapture} orders it, whichever order captures arrive in: the current
 * version in `candles_1m`, those before it in `candle_revisions`, each until the capture of the next one, and later
 * captures that only repeat a version in `candle_repeats`, since an older one with other numbers may still come between.
 *
 * A new minute costs one insert; a capture delivered again one more select.
 */
export class MinuteVersionsWriter {
  private readonly insert: Statement<ColumnValues[number][]>;
  private readonly replace: Statement<ColumnValues[number][]>;
  private readonly select: Statement<[string, number], MinuteCandleRow>;
  private readonly selectRevisions: Statement<[string, number], MinuteCandleRow>;
  private readonly insertRevision: Statement<ColumnValues[number][]>;
  private readonly deleteRevisions: Statement<[string, number]>;
  private readonly selectRepeats: Statement<[string, number], RepeatRow>;
  private readonly insertRepeat: Statement<ColumnValues[number][]>;
  private readonly deleteRepeats: Statement<[string, number]>;

  constructor(database: SqliteHandle) {
    const ofMinute = 'WHERE symbol = ? AND open_time = ?';
    const row = `(${MINUTE_COLUMNS}) VALUES (${parametersOf(MINUTE_COLUMNS)})`;
    this.insert = database.prepare(`INSERT OR IGNORE INTO candles_1m ${row}`);
    this.replace = database.prepare(`INSERT OR REPLACE INTO candles_1m ${row}`);
    this.select = database.prepare(`SELECT ${MINUTE_COLUMNS} FROM candles_1m ${ofMinute}`);
    this.selectRevisions = database.prepare(
      `SELECT ${MINUTE_COLUMNS} FROM candle_revisions ${ofMinute} ORDER BY revision`,
    );
    this.insertRevision = database.prepare(
      `INSERT INTO candle_revisions (${MINUTE_COLUMNS}, superseded_at)
       VALUES (${parametersOf(MINUTE_COLUMNS)}, ?)`,
    );
    this.deleteRevisions = database.prepare(`DELETE FROM candle_revisions ${ofMinute}`);
    this.selectRepeats = database.prepare(`SELECT ${REPEAT_COLUMNS}, recorded FROM candle_repeats ${ofMinute}`);
    this.insertRepeat = database.prepare(
      `INSERT OR IGNORE INTO candle_repeats (${REPEAT_COLUMNS}, recorded) VALUES (${parametersOf(REPEAT_COLUMNS)}, ?)`,
    );
    this.deleteRepeats = database.prepare(`DELETE FROM candle_repeats ${ofMinute}`);
  }

  /** Takes one capture of a closed minute; `first` is the revision of the minute's first version. */
  take(candle: MinuteCandle, first: number): VersionOutcome {
    const { symbol, openTime } = candle;
    if (this.insert.run(...minuteValues(candle, first)).changes === 1) return firstCapture(candle, first);
    const row = this.select.get(symbol, openTime);
    const current = row && toMinuteCandle(row);
    if (row && current) {
      if (isSameCapture(current, candle)) return repeatedCapture(current, row.revision, false);
      if (repeatsCurrent(candle, current) && this.insertRepeat.run(...captureValues(candle), 1).changes === 1) {
        return repeatedCapture(current, row.revision, true);
      }
    }
    const { outcome, minute } = placeCapture(candle, this.known(symbol, openTime, current), first);
    if (minute) this.rewrite(symbol, openTime, minute);
    return outcome;
  }

  /** See {@link restampCaptures}; undefined where there is no such minute. */
  restamp(symbol: string, openTime: number, first: number, spans: readonly ClockSpan[]): RestampOutcome | undefined {
    const row = this.select.get(symbol, openTime);
    if (!row) return undefined;
    const current = toMinuteCandle(row);
    const known = this.known(symbol, openTime, current);
    const { outcome, minute } = restampCaptures(known, current, row.revision, first, spans);
    this.rewrite(symbol, openTime, minute);
    return outcome;
  }

  private known(symbol: string, openTime: number, current: MinuteCandle | undefined): KnownMinute {
    const before = this.selectRevisions.all(symbol, openTime).map(toMinuteCandle);
    return {
      versions: current ? [...before, current] : before,
      repeats: this.selectRepeats
        .all(symbol, openTime)
        .map((row) => ({ capture: toMinuteCandle(row), isRecorded: row.recorded === 1 })),
    };
  }

  private rewrite(symbol: string, openTime: number, { versions, repeats }: ArrangedMinute): void {
    this.deleteRevisions.run(symbol, openTime);
    this.deleteRepeats.run(symbol, openTime);
    for (const { capture, isRecorded } of repeats) this.insertRepeat.run(...captureValues(capture), isRecorded ? 1 : 0);
    for (const { capture, revision, supersededAt } of versions) {
      const values = minuteValues(capture, revision);
      if (supersededAt === undefined) this.replace.run(...values);
      else this.insertRevision.run(...values, supersededAt);
    }
  }
}
