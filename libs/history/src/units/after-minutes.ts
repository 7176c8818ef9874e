import type { TimeRange } from '@app/domain';
import { metricsReaches } from '../metrics/metrics-reach';
import type { MonthsBefore } from '../metrics/months-before';
import { ask, inRanges, type Unit } from '../rows/unit';
import { dailyMetricsUnit } from './daily-metrics-unit';
import type { DayOutcome } from './day-unit';
import { MINUTE_TRADES } from './ledger-tables';
import { minuteLedgerUnit } from './minute-ledger-unit';
import { newDayUnit, rollUpUnit } from './roll-up-unit';
import type { SymbolMinutes } from './unit-minute';

/**
 * What follows from minutes that have changed: units to be run one after the other, each over the rows that the one before
 * has written. Metrics are made of days, and the ledger dates its days by them.
 */
export function unitsAfterMinutes(bySymbol: readonly SymbolMinutes[], months: MonthsBefore): readonly Unit<void>[] {
  return [rollUpUnit(bySymbol), ...unitsAfterDays(bySymbol, months)];
}

/** The same of a whole day, of which nothing may have been there before. */
export function unitsAfterDay(
  { isFilled, bySymbol }: Pick<DayOutcome, 'isFilled' | 'bySymbol'>,
  months: MonthsBefore,
): readonly Unit<void>[] {
  // Any of its minutes tells the date of all.
  const dated = bySymbol.map(({ symbol, changed }) => ({ symbol, changed: changed.slice(0, 1) }));
  return [isFilled ? newDayUnit(bySymbol) : rollUpUnit(bySymbol), ...unitsAfterDays(bySymbol, months, dated)];
}

/** `dated` are minutes of all days that have changed. */
function unitsAfterDays(
  bySymbol: readonly SymbolMinutes[],
  months: MonthsBefore,
  dated: readonly Pick<SymbolMinutes, 'symbol' | 'changed'>[] = bySymbol,
): readonly Unit<void>[] {
  const dates = dated.flatMap(({ symbol, changed }) =>
    metricsReaches(changed.map(({ openTime }) => openTime)).map((reach) => ({ symbol, dates: reach })),
  );
  return [dailyMetricsUnit(dates, months), minuteLedgerUnit(bySymbol)];
}

/** Accounts for the stored minutes of a range that the ledger of a symbol had left out. */
export function* accountUnit(symbol: string, { start, end }: TimeRange): Unit<void> {
  const [[minutes = []]] = yield* ask(inRanges(MINUTE_TRADES, [{ prefix: [symbol], from: start, until: end }]));
  if (minutes.length === 0) return { outcome: undefined, changes: [] };
  // What is read back says the rest.
  const changed = minutes.map(({ openTime }) => ({
    openTime,
    tradeCount: 0,
    firstCapturedAt: Infinity,
    isNew: false,
  }));
  return yield* minuteLedgerUnit([{ symbol, changed }]);
}
