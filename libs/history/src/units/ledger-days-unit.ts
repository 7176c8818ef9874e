import { DAY, floorTo, type EpochMicros } from '@app/domain';
import { forgetBefore } from '../ledger-runs';
import type { Unit } from '../rows/unit';
import { ledgerAround, LedgerChanges } from './ledger-changes';
import { COVERAGE_DAYS } from './ledger-tables';

/** Accounts for nothing of a symbol before a minute any more. */
export function* forgetLedgerUnit(symbol: string, minute: EpochMicros): Unit<void> {
  const date = floorTo(minute, DAY);
  const { runs, days } = yield* ledgerAround([{ symbol, range: { start: 0, end: minute } }], [{ symbol, date }]);
  const before = runs.flat().filter(({ start }) => start < minute);
  const change = forgetBefore(before, minute);
  const changes = new LedgerChanges();
  changes.changeRuns(symbol, change);
  // The account of the days before goes altogether.
  changes.changeDays(
    days,
    change.days.filter((day) => day.date === date),
  );
  return {
    outcome: undefined,
    changes: [...changes.all(), { kind: 'remove', table: COVERAGE_DAYS, ranges: [{ prefix: [symbol], until: date }] }],
  };
}
