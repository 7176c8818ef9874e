import type { DayOfMinutes } from '@app/domain';
import {
  dailyMetricsUnit,
  dayUnit,
  metricsReaches,
  minuteLedgerUnit,
  MonthsBefore,
  newDayRollUps,
  runUnit,
  type DayOutcome,
  type SymbolMinutes,
} from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from '../rows/sqlite-rows';
import type { CandleWriter } from './candle.writer';

/**
 * Writes a whole UTC day of one symbol at once. A day of which nothing is stored is filled in one pass: rows, its hours
 * and itself, and its runs in the ledger. Inside write units only.
 */
export class DayWriter {
  private readonly rows: SqliteRows;

  constructor(
    database: SqliteHandle,
    private readonly candles: CandleWriter,
  ) {
    this.rows = new SqliteRows(database);
  }

  /** See {@link dayUnit}. */
  write(symbol: string, day: DayOfMinutes): DayOutcome {
    const outcome = runUnit(this.rows, dayUnit(symbol, day));
    if (outcome.isFilled) for (const minutes of outcome.bySymbol) this.followFilled(minutes, day);
    else this.candles.follow(outcome.bySymbol);
    return outcome;
  }

  private followFilled(minutes: SymbolMinutes, { range }: DayOfMinutes): void {
    const { symbol, added } = minutes;
    this.rows.apply(newDayRollUps(symbol, added));
    const dates = metricsReaches([range.start]).map((reach) => ({ symbol, dates: reach }));
    runUnit(this.rows, dailyMetricsUnit(dates, new MonthsBefore()));
    runUnit(this.rows, minuteLedgerUnit([minutes]));
  }
}
