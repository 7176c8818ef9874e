import type { ClockSpan, DayOfMinutes, EpochMicros, MinuteCandle } from '@app/domain';
import {
  dayUnit,
  minuteUnit,
  MonthsBefore,
  restampDayUnit,
  runUnit,
  unitsAfterDay,
  unitsAfterMinutes,
  type CandlesOutcome,
  type DayOutcome,
  type RestampedDay,
  type Rows,
} from '@app/history';

/**
 * Writes closed minutes with their versions, then what follows from them. Inside write units only. A store has one: it
 * remembers what makes the next unit quicker.
 */
export class CandleWriter {
  private readonly months = new MonthsBefore();

  constructor(private readonly rows: Rows) {}

  /** See {@link minuteUnit}. */
  write(candles: readonly MinuteCandle[], spans: readonly ClockSpan[] = []): CandlesOutcome {
    const outcome = runUnit(this.rows, minuteUnit(candles, spans));
    for (const unit of unitsAfterMinutes(outcome.bySymbol, this.months)) runUnit(this.rows, unit);
    return outcome;
  }

  /** See {@link dayUnit}. */
  writeDay(symbol: string, day: DayOfMinutes): DayOutcome {
    const outcome = runUnit(this.rows, dayUnit(symbol, day));
    for (const unit of unitsAfterDay(outcome, this.months)) runUnit(this.rows, unit);
    return outcome;
  }

  /** See {@link restampDayUnit}. */
  restampDay(symbol: string, day: EpochMicros, span: ClockSpan): RestampedDay {
    const outcome = runUnit(this.rows, restampDayUnit(symbol, day, span));
    for (const unit of unitsAfterMinutes(outcome.bySymbol, this.months)) runUnit(this.rows, unit);
    return outcome;
  }
}
