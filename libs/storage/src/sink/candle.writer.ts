import type { ClockSpan, EpochMicros, MinuteCandle } from '@app/domain';
import {
  dailyMetricsUnit,
  metricsReaches,
  minuteLedgerUnit,
  minuteUnit,
  MonthsBefore,
  restampUnit,
  rollUpUnit,
  runUnit,
  type CandlesOutcome,
  type SymbolMinutes,
  type RestampedMinutes,
} from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from '../rows/sqlite-rows';

/** Writes closed minutes with their versions, then what follows from them. Inside write units only. */
export class CandleWriter {
  private readonly rows: SqliteRows;
  private readonly months = new MonthsBefore();

  constructor(database: SqliteHandle) {
    this.rows = new SqliteRows(database);
  }

  /** See {@link minuteUnit}. */
  write(candles: readonly MinuteCandle[], spans: readonly ClockSpan[] = []): CandlesOutcome {
    const outcome = runUnit(this.rows, minuteUnit(candles, spans));
    this.follow(outcome.bySymbol);
    return outcome;
  }

  /** See {@link restampUnit}. */
  restamp(symbol: string, openTimes: readonly EpochMicros[], spans: readonly ClockSpan[]): RestampedMinutes {
    const outcome = runUnit(this.rows, restampUnit(symbol, openTimes, spans));
    this.follow(outcome.bySymbol);
    return outcome;
  }

  /** Accounts for stored minutes that the ledger had left out. */
  account(symbol: string, openTimes: readonly EpochMicros[]): void {
    if (openTimes.length === 0) return;
    // What is read back says the rest.
    const minutes = openTimes.map((openTime) => ({ openTime, tradeCount: 0, firstCapturedAt: Infinity, isNew: false }));
    runUnit(this.rows, minuteLedgerUnit([{ symbol, changed: minutes }]));
  }

  /** Brings hours, days, metrics and ledger after the minutes, whose rows are written before. */
  follow(bySymbol: readonly SymbolMinutes[]): void {
    runUnit(this.rows, rollUpUnit(bySymbol));
    const changedMetrics = bySymbol.flatMap(({ symbol, changed }) =>
      metricsReaches(changed.map(({ openTime }) => openTime)).map((dates) => ({ symbol, dates })),
    );
    runUnit(this.rows, dailyMetricsUnit(changedMetrics, this.months));
    runUnit(this.rows, minuteLedgerUnit(bySymbol));
  }
}
