import { DAY, type EpochMicros, type StoredCandle, type StoredInterval } from '@app/domain';
import { STAMP_BITS, type CandleStore, type DayStamp, type JoinedMinute, type StoredRollUp } from '@app/history';
import {
  JOINED_COLUMNS,
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  toRollUp,
  toStoredMinute,
  type MinuteCandleRow,
  type RollUpRow,
} from './candle-row';
import type { ReadStore } from './read-store';

const FIRST = `SELECT open_time FROM candles_1m
  WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT 1`;

/** One statement for a page, so that it sees one state of the store. */
const pageOf = (interval: StoredInterval, columns: string): string =>
  `SELECT ${columns} FROM candles_${interval}
   WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT +?`;

const revisionKnown = (columns: string): string => `
  SELECT ${columns} FROM candle_revisions
  WHERE symbol = ? AND open_time = ? AND captured_at <= ? AND superseded_at > ?`;

const MINUTES_KNOWN = `
  SELECT ${JOINED_COLUMNS} FROM candles_1m
  WHERE symbol = ? AND open_time >= ? AND open_time < ? AND (captured_at <= ? OR revision > 1) ORDER BY open_time`;

/** Day by day: SQLite would sort the minutes of several to group them, which takes as long again. */
const STAMP = `
  SELECT count(*), sum(revision), sum(captured_at & ${2 ** STAMP_BITS - 1})
  FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ?`;

type PageParameters = [symbol: string, from: EpochMicros, until: EpochMicros, size: number];
type RevisionParameters = [symbol: string, openTime: EpochMicros, knownAt: EpochMicros, knownAfter: EpochMicros];

export class SqliteCandleRows implements CandleStore {
  constructor(private readonly store: ReadStore) {}

  inOneState<T>(reading: () => T): Promise<T> {
    return this.store.readInOneState(reading);
  }

  hasCandles(symbol: string, interval: StoredInterval): boolean {
    const sql = `SELECT 1 FROM candles_${interval} WHERE symbol = ? LIMIT 1`;
    return this.store.rawStatement<[string], readonly [1]>(sql).get(symbol) !== undefined;
  }

  firstCapture(symbol: string): EpochMicros | undefined {
    return this.ofSymbol('first_captured_at', symbol);
  }

  firstListed(symbol: string): EpochMicros | undefined {
    return this.ofSymbol('first_minute', symbol);
  }

  firstMinute(symbol: string, from: EpochMicros, until: EpochMicros): EpochMicros | undefined {
    return this.store
      .rawStatement<[string, number, number], readonly [EpochMicros]>(FIRST)
      .get(symbol, from, until)?.[0];
  }

  minutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): StoredCandle[] {
    return this.store
      .statement<PageParameters, MinuteCandleRow>(pageOf('1m', MINUTE_COLUMNS))
      .all(symbol, from, until, size)
      .map(toStoredMinute);
  }

  joinedMinutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): JoinedMinute[] {
    return this.store
      .rawStatement<PageParameters, JoinedMinute>(pageOf('1m', JOINED_COLUMNS))
      .all(symbol, from, until, size);
  }

  rollUps(
    symbol: string,
    interval: StoredInterval,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): StoredRollUp[] {
    return this.store
      .statement<PageParameters, RollUpRow>(pageOf(interval, ROLL_UP_COLUMNS))
      .all(symbol, from, until, size)
      .map((row) => ({ openTime: row.open_time, rollUp: toRollUp(row) }));
  }

  superseded(symbol: string, openTime: EpochMicros, asOf: EpochMicros): StoredCandle | undefined {
    const row = this.store
      .statement<RevisionParameters, MinuteCandleRow>(revisionKnown(MINUTE_COLUMNS))
      .get(symbol, openTime, asOf, asOf);
    return row && toStoredMinute(row);
  }

  joinedSuperseded(symbol: string, openTime: EpochMicros, asOf: EpochMicros): JoinedMinute | undefined {
    return this.store
      .rawStatement<RevisionParameters, JoinedMinute>(revisionKnown(JOINED_COLUMNS))
      .get(symbol, openTime, asOf, asOf);
  }

  joinedKnown(symbol: string, from: EpochMicros, until: EpochMicros, asOf: EpochMicros): JoinedMinute[] {
    return this.store
      .rawStatement<[string, number, number, number], JoinedMinute>(MINUTES_KNOWN)
      .all(symbol, from, until, asOf);
  }

  stampOf(symbol: string, day: EpochMicros): DayStamp | undefined {
    return this.store.rawStatement<[string, number, number], DayStamp>(STAMP).get(symbol, day, day + DAY);
  }

  private ofSymbol(column: 'first_captured_at' | 'first_minute', symbol: string): EpochMicros | undefined {
    const sql = `SELECT ${column} FROM symbols WHERE symbol = ?`;
    return this.store.rawStatement<[string], readonly [EpochMicros | null]>(sql).get(symbol)?.[0] ?? undefined;
  }
}
