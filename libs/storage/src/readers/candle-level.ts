import {
  intervalLength,
  rollUpMinutes,
  rollUpOfMinute,
  type EpochMicros,
  type RollUp,
  type StoredCandle,
  type StoredInterval,
} from '@app/domain';
import {
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  toRollUp,
  toStoredMinute,
  type MinuteCandleRow,
  type RollUpRow,
} from '../sink/candle-row';
import type { ReadStore } from './read-store';

/** Rows of one page, ascending, and where the next page begins: undefined behind the last one. */
export interface LevelPage<Row> {
  readonly rows: readonly Row[];
  readonly next: EpochMicros | undefined;
}

const MINUTES_KNOWN = `
  SELECT ${MINUTE_COLUMNS} FROM candles_1m
  WHERE symbol = ? AND open_time >= ? AND open_time < ? AND (captured_at <= ? OR revision > 1) ORDER BY open_time`;

const REVISION_KNOWN = `
  SELECT ${MINUTE_COLUMNS} FROM candle_revisions
  WHERE symbol = ? AND open_time = ? AND captured_at <= ? AND superseded_at > ?`;

/** Stored candles of one symbol, as they are or as they were known at a time. */
export class CandleLevel {
  constructor(
    private readonly store: ReadStore,
    private readonly symbol: string,
    private readonly asOf: EpochMicros | undefined,
  ) {}

  /** At most `size` minutes with open times from `from` on, before `until`. */
  minutes(from: EpochMicros, until: EpochMicros, size: number): LevelPage<MinuteCandleRow> {
    return this.page('1m', MINUTE_COLUMNS, from, until, size);
  }

  /** At most `size` hours or days. */
  rollUps(interval: StoredInterval, from: EpochMicros, until: EpochMicros, size: number): LevelPage<RollUpRow> {
    return this.page(interval, ROLL_UP_COLUMNS, from, until, size);
  }

  /** The version of a minute that was current then; undefined when none had been captured. */
  minute(row: MinuteCandleRow): StoredCandle | undefined {
    const { asOf } = this;
    if (asOf === undefined || row.captured_at <= asOf) return toStoredMinute(row);
    if (row.revision === 1) return undefined;
    const revision = this.store
      .statement<[string, number, number, number], MinuteCandleRow>(REVISION_KNOWN)
      .get(this.symbol, row.open_time, asOf, asOf);
    return revision && toStoredMinute(revision);
  }

  /** {@link minute} as the roll-up of itself. */
  rollUpOfMinute(row: MinuteCandleRow): RollUp | undefined {
    const minute = this.minute(row);
    return minute && rollUpOfMinute(minute);
  }

  /**
   * An hour or day as it was known. One whose newest capture is not after that time is what it was then: all of its
   * minutes were known, and none has been revised since. Any other is made anew of the minutes known then.
   */
  rollUp(interval: StoredInterval, row: RollUpRow): RollUp | undefined {
    const { asOf } = this;
    if (asOf === undefined || row.captured_at <= asOf) return toRollUp(row);
    const until = Math.min(row.open_time + intervalLength(interval), asOf + 1);
    const minutes = this.store
      .statement<[string, number, number, number], MinuteCandleRow>(MINUTES_KNOWN)
      .all(this.symbol, row.open_time, until, asOf);
    return rollUpMinutes(minutes.flatMap((minute) => this.minute(minute) ?? []));
  }

  /** One statement, so that it sees one state of the store. */
  private page<Row extends { open_time: number }>(
    interval: StoredInterval,
    columns: string,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): LevelPage<Row> {
    const rows = this.store
      .statement<[string, number, number, number], Row>(
        `SELECT ${columns} FROM candles_${interval}
         WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ?`,
      )
      .all(this.symbol, from, until, size);
    const last = rows.at(-1);
    return { rows, next: last && rows.length === size ? last.open_time + 1 : undefined };
  }
}
