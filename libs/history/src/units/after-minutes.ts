import type { EpochMicros } from '@app/domain';
import { metricsReaches } from '../metrics/metrics-reach';
import type { MonthsBefore } from '../metrics/months-before';
import type { Unit } from '../rows/unit';
import { dailyMetricsUnit } from './daily-metrics-unit';
import type { DayOutcome } from './day-unit';
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
  return [isFilled ? newDayUnit(bySymbol) : rollUpUnit(bySymbol), ...unitsAfterDays(bySymbol, months)];
}

function unitsAfterDays(bySymbol: readonly SymbolMinutes[], months: MonthsBefore): readonly Unit<void>[] {
  const dates = bySymbol.flatMap(({ symbol, changed }) =>
    metricsReaches(changed.map(({ openTime }) => openTime)).map((reach) => ({ symbol, dates: reach })),
  );
  return [dailyMetricsUnit(dates, months), minuteLedgerUnit(bySymbol)];
}

/** Accounts for stored minutes of a symbol that its ledger had left out. */
export function accountUnit(symbol: string, openTimes: readonly EpochMicros[]): Unit<void> {
  // What is read back says the rest.
  const changed = openTimes.map((openTime) => ({ openTime, tradeCount: 0, firstCapturedAt: Infinity, isNew: false }));
  return minuteLedgerUnit([{ symbol, changed }]);
}
