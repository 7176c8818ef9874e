import { intervalLength, type EpochMicros, type StoredCandle, type StoredInterval } from '@app/domain';
import { isAsKnown, rollUpJoined, versionKnownAt, type CandlePart, type JoinedMinute, type RollUp } from '@app/history';
import {
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  toRollUp,
  toStoredMinute,
  type MinuteCandleRow,
  type RollUpRow,
} from '../sink/candle-row';
import { JOINED_COLUMNS } from './joined-columns';
import type { ReadStore } from './read-store';

/** Rows of one page, ascending, and where the next page begins: undefined behind the last one. */
export interface LevelPage<Row> {
  readonly rows: readonly Row[];
  readonly next: EpochMicros | undefined;
}

const MINUTES_KNOWN = `
  SELECT ${JOINED_COLUMNS} FROM candles_1m
  WHERE symbol = ? AND open_time >= ? AND open_time < ? AND (captured_at <= ? OR revision > 1) ORDER BY open_time`;

const revisionKnown = (columns: string): string => `
  SELECT ${columns} FROM candle_revisions
  WHERE symbol = ? AND open_time = ? AND captured_at <= ? AND superseded_at > ?`;

const FIRST = `SELECT open_time FROM candles_1m
  WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT 1`;

type RevisionParameters = [symbol: string, openTime: EpochMicros, knownAt: EpochMicros, knownAfter: EpochMicros];
type PageParameters = [symbol: string, from: EpochMicros, until: EpochMicros, size: number];

/** One statement for a page, so that it sees one state of the store. */
const pageOf = (interval: StoredInterval, columns: string): string =>
  `SELECT ${columns} FROM candles_${interval}
   WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ?`;

/** Stored candles of one symbol, as they are or as they were known at a time. */
export class CandleLevel {
  constructor(
    private readonly store: ReadStore,
    private readonly symbol: string,
    private readonly asOf: EpochMicros | undefined,
  ) {}

  /** Open time of the first minute that is stored in a range, whenever it came to be known. */
  firstMinute(from: EpochMicros, until: EpochMicros): EpochMicros | undefined {
    return this.store
      .rawStatement<[string, number, number], readonly [EpochMicros]>(FIRST)
      .get(this.symbol, from, until)?.[0];
  }

  /** At most `size` minutes with open times from `from` on, before `until`. */
  minutes(from: EpochMicros, until: EpochMicros, size: number): LevelPage<StoredCandle> {
    const rows = this.store
      .statement<PageParameters, MinuteCandleRow>(pageOf('1m', MINUTE_COLUMNS))
      .all(this.symbol, from, until, size);
    return {
      rows: rows.flatMap((row) => this.minute(row) ?? []),
      next: nextOf(rows.length, size, rows.at(-1)?.open_time),
    };
  }

  /** The same, as parts of larger candles. */
  minuteParts(from: EpochMicros, until: EpochMicros, size: number): LevelPage<CandlePart<JoinedMinute>> {
    const rows = this.store
      .rawStatement<PageParameters, JoinedMinute>(pageOf('1m', JOINED_COLUMNS))
      .all(this.symbol, from, until, size);
    return {
      rows: rows.map((minute) => ({ openTime: minute[0], part: this.joined(minute) })),
      next: nextOf(rows.length, size, rows.at(-1)?.[0]),
    };
  }

  /** At most `size` hours or days, as parts of larger candles. */
  rollUpParts(
    interval: StoredInterval,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): LevelPage<CandlePart<RollUp>> {
    const rows = this.store
      .statement<PageParameters, RollUpRow>(pageOf(interval, ROLL_UP_COLUMNS))
      .all(this.symbol, from, until, size);
    return {
      rows: rows.map((row) => ({ openTime: row.open_time, part: this.rollUp(interval, row) })),
      next: nextOf(rows.length, size, rows.at(-1)?.open_time),
    };
  }

  /** The version of a minute that was current then; undefined when none had been captured. */
  private minute(row: MinuteCandleRow): StoredCandle | undefined {
    const { asOf } = this;
    if (asOf === undefined) return toStoredMinute(row);
    const known = versionKnownAt({ capturedAt: row.captured_at, revision: row.revision }, asOf);
    if (known !== 'superseded') return known === 'current' ? toStoredMinute(row) : undefined;
    const revision = this.store
      .statement<RevisionParameters, MinuteCandleRow>(revisionKnown(MINUTE_COLUMNS))
      .get(this.symbol, row.open_time, asOf, asOf);
    return revision && toStoredMinute(revision);
  }

  private joined(minute: JoinedMinute): JoinedMinute | undefined {
    const { asOf } = this;
    if (asOf === undefined) return minute;
    const [openTime, , capturedAt, revision] = minute;
    const known = versionKnownAt({ capturedAt, revision }, asOf);
    if (known !== 'superseded') return known === 'current' ? minute : undefined;
    return this.store
      .rawStatement<RevisionParameters, JoinedMinute>(revisionKnown(JOINED_COLUMNS))
      .get(this.symbol, openTime, asOf, asOf);
  }

  /** An hour or day as it was known. */
  private rollUp(interval: StoredInterval, row: RollUpRow): RollUp | undefined {
    const { asOf } = this;
    if (asOf === undefined || isAsKnown({ capturedAt: row.captured_at }, asOf)) return toRollUp(row);
    const until = Math.min(row.open_time + intervalLength(interval), asOf + 1);
    const minutes = this.store
      .rawStatement<[string, number, number, number], JoinedMinute>(MINUTES_KNOWN)
      .all(this.symbol, row.open_time, until, asOf);
    return rollUpJoined(minutes.map((minute) => this.joined(minute)).filter((minute) => minute !== undefined));
  }
}

function nextOf(found: number, size: number, last: EpochMicros | undefined): EpochMicros | undefined {
  return last !== undefined && found === size ? last + 1 : undefined;
}
