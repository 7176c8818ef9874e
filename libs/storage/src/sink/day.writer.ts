import {
  sameCandleNumbers,
  type CandleChange,
  type DayOfMinutes,
  type EpochMicros,
  type ImportCounts,
  type MinuteCandle,
} from '@app/domain';
import {
  byKeys,
  CANDLES_1D,
  dailyMetricsUnit,
  metricsReaches,
  MonthsBefore,
  newDayRollUps,
  runUnit,
  type RollUpMinute,
  type Rows,
} from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { FirstRevisions } from '../ledger/first-revisions';
import { SqliteRows } from '../rows/sqlite-rows';
import { MINUTE_COLUMNS, minuteValues, toMinuteCandle, type ColumnValues, type MinuteCandleRow } from './candle-row';
import type { CandleOutcome, CandleWriter } from './candle.writer';
import { MinuteLedgerWriter } from './minute-ledger.writer';
import { RowInserter } from './row-inserter';

/** What became of a day. */
interface DayOutcome extends Pick<CandleOutcome, 'surfaced' | 'changed'> {
  readonly counts: ImportCounts;
}

/**
 * Writes a whole UTC day of one symbol at once. A day of which nothing is stored is filled in one pass: rows, its hours
 * and itself, and its runs in the ledger. Where something is stored, only minutes that are new or differ go on, as if
 * they had come one by one; numbers that only repeat what is stored leave no trace.
 */
export class DayWriter {
  private readonly minutes: RowInserter;
  private readonly selectDay: Statement<[string, number, number], MinuteCandleRow>;
  private readonly rows: Rows;
  private readonly ledger: MinuteLedgerWriter;
  private readonly firstRevisions: FirstRevisions;

  constructor(
    database: SqliteHandle,
    private readonly candles: CandleWriter,
  ) {
    this.minutes = new RowInserter(database, 'INSERT INTO candles_1m', MINUTE_COLUMNS);
    this.selectDay = database.prepare(
      `SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ?`,
    );
    this.rows = new SqliteRows(database);
    this.ledger = new MinuteLedgerWriter(database);
    this.firstRevisions = new FirstRevisions(database);
  }

  /** Inside write units only. */
  write(symbol: string, { range, candles }: DayOfMinutes): DayOutcome {
    if (candles.length === 0) return { counts: { taken: 0, repeats: 0, revisions: 0 }, surfaced: [], changed: [] };
    const stored = this.selectDay.all(symbol, range.start, range.end);
    // A day whose minutes were removed after their time of retention still has its roll-up.
    if (stored.length === 0 && !this.hasRolledDay(symbol, range.start)) return this.fill(symbol, range.start, candles);
    return this.merge(candles, stored);
  }

  private hasRolledDay(symbol: string, day: EpochMicros): boolean {
    const [days] = this.rows.load([byKeys(CANDLES_1D, [[symbol, day]])]);
    return days?.[0] !== undefined;
  }

  private fill(symbol: string, day: EpochMicros, candles: readonly MinuteCandle[]): DayOutcome {
    const values: ColumnValues[number][] = [];
    const firstOf = this.firstRevisions.lookup();
    const changed: CandleChange[] = [];
    const minutes = candles.map((candle): RollUpMinute => {
      const revision = firstOf(candle);
      values.push(...minuteValues(candle, revision));
      changed.push({ symbol, openTime: candle.openTime, revision });
      return revision === 1 ? candle : { ...candle, revision };
    });
    this.minutes.insert(values);
    this.rows.apply(newDayRollUps(symbol, minutes));
    const dates = metricsReaches([day]).map((range) => ({ symbol, dates: range }));
    runUnit(this.rows, dailyMetricsUnit(dates, new MonthsBefore()));
    this.ledger.account(
      symbol,
      candles.map(({ openTime, tradeCount, capturedAt }) => ({
        openTime,
        tradeCount,
        firstCapturedAt: capturedAt,
        isNew: true,
      })),
    );
    return { counts: { taken: candles.length, repeats: 0, revisions: 0 }, surfaced: [], changed };
  }

  private merge(candles: readonly MinuteCandle[], stored: readonly MinuteCandleRow[]): DayOutcome {
    const known = new Map(stored.map((row) => [row.open_time, row]));
    const changed = candles.filter((candle) => {
      const row = known.get(candle.openTime);
      return row === undefined || !sameCandleNumbers(candle, toMinuteCandle(row));
    });
    const { fates, surfaced, changed: minutes } = this.candles.write(changed);
    const count = (fate: (typeof fates)[number]): number => fates.filter((one) => one === fate).length;
    return {
      counts: {
        taken: count('taken'),
        repeats: candles.length - changed.length + count('repeat'),
        revisions: count('revision'),
      },
      surfaced,
      changed: minutes,
    };
  }
}
