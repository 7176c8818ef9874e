import { DAY, MINUTE, type MinuteCandle } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLES_1M } from '../kinds/candle-tables';
import { MonthsBefore } from '../metrics/months-before';
import { runUnit } from '../rows/unit';
import { unitsAfterDay, unitsAfterMinutes } from './after-minutes';
import { DAILY_METRICS } from './daily-metrics-unit';
import { dayUnit } from './day-unit';
import { COVERAGE, COVERAGE_DAYS, SYMBOL_FRAMES } from './ledger-tables';
import { minuteUnit } from './minute-unit';
import { CANDLES_1D, CANDLES_1H } from './roll-up-unit';

const SYMBOL = 'BTCUSDT';
const FIRST = Date.UTC(2026, 0, 15) * 1_000;
/** All but the repeats, of which a day leaves no trace. */
const TABLES = [CANDLES_1M, CANDLES_1H, CANDLES_1D, DAILY_METRICS, COVERAGE, COVERAGE_DAYS, SYMBOL_FRAMES];

/** Some minutes of a day, and what they closed at. */
const day = fc.record({
  date: fc.integer({ min: 0, max: 40 }).map((index) => FIRST + index * DAY),
  minutes: fc.uniqueArray(fc.integer({ min: 0, max: 1_439 }), { maxLength: 6 }),
  close: fc.constantFrom('10', '11', '12.5'),
});

class Store {
  private readonly rows = new MemoryRows();
  private readonly months = new MonthsBefore();

  write(candles: readonly MinuteCandle[]): void {
    const { bySymbol } = runUnit(this.rows, minuteUnit(candles, []));
    for (const unit of unitsAfterMinutes(bySymbol, this.months)) runUnit(this.rows, unit);
  }

  writeDay(date: number, candles: readonly MinuteCandle[]): void {
    const outcome = runUnit(this.rows, dayUnit(SYMBOL, { range: { start: date, end: date + DAY }, candles }));
    for (const unit of unitsAfterDay(outcome, this.months)) runUnit(this.rows, unit);
  }

  all(): unknown {
    return TABLES.map((table) => this.rows.all(table as typeof CANDLES_1M));
  }
}

describe('what follows from a whole day', () => {
  it('should be what follows from its minutes, whatever is stored of it and of the days around it', () => {
    fc.assert(
      fc.property(fc.array(day, { minLength: 1, maxLength: 5 }), (days) => {
        const [asDays, asMinutes] = [new Store(), new Store()];
        for (const [index, { date, minutes, close }] of days.entries()) {
          const candles = [...minutes]
            .sort((a, b) => a - b)
            .map((minute) => {
              const capturedAt = FIRST + 50 * DAY + index;
              return buildMinute(SYMBOL, date + minute * MINUTE, { close, low: '9', high: '13', capturedAt });
            });
          asDays.writeDay(date, candles);
          asMinutes.write(candles);
        }
        expect(asDays.all()).toEqual(asMinutes.all());
      }),
    );
  });
});
