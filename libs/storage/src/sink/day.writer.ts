import type { DayOfMinutes } from '@app/domain';
import { dayUnit, minuteLedgerUnit, runUnit, type SymbolMinutes, type DayOutcome } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { DailyMetricsWriter } from '../gold/daily-metrics.writer';
import { SqliteRows } from '../rows/sqlite-rows';
import type { CandleWriter } from './candle.writer';
import { RollUpWriter } from './roll-up.writer';

/**
 * Writes a whole UTC day of one symbol at once. A day of which nothing is stored is filled in one pass: rows, its hours
 * and itself, and its runs in the ledger. Inside write units only.
 */
export class DayWriter {
  private readonly rows: SqliteRows;
  private readonly rollUps: RollUpWriter;
  private readonly metrics: DailyMetricsWriter;

  constructor(
    database: SqliteHandle,
    private readonly candles: CandleWriter,
  ) {
    this.rows = new SqliteRows(database);
    this.rollUps = new RollUpWriter(database);
    this.metrics = new DailyMetricsWriter(database);
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
    this.rollUps.fillDay(symbol, added);
    this.metrics.update(symbol, [range.start]);
    runUnit(this.rows, minuteLedgerUnit([minutes]));
  }
}
