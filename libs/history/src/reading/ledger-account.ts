import { DAY, floorTo, type EpochMicros, type TimeRange } from '@app/domain';
import { ledgerDays, ledgerSpan, openDay, type LedgerDay } from '../ledger-days';
import { pickColumns } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry } from '../rows/unit';
import { toRecordedRange } from '../units/ledger-changes';
import { COVERAGE, COVERAGE_DAYS, SYMBOL_FRAMES } from '../units/ledger-tables';
import { overlapping } from '../units/overlapping';

const LEDGER_STARTS = pickColumns(SYMBOL_FRAMES, ['symbol', 'ledgerStart']);

const RECORDED_DAYS = pickColumns(COVERAGE_DAYS, [
  'symbol',
  'date',
  'captured',
  'quiet',
  'stopped',
  'repaired',
  'changedAt',
]);

/** Of each symbol, the first minute of its ledger; undefined for one that has none. */
export function* ledgerStarts(symbols: readonly string[]): Inquiry<readonly (EpochMicros | undefined)[]> {
  const [rows] = yield* ask(
    byKeys(
      LEDGER_STARTS,
      symbols.map((symbol) => [symbol]),
    ),
  );
  return symbols.map((_, index) => rows[index]?.ledgerStart ?? undefined);
}

/**
 * Of each symbol that has any, the dates of its ledger that the range holds: whole days from gold, the one that ledgers end
 * in from the ledger itself.
 */
export function* ledgerDaysIn(
  symbols: readonly string[],
  range: TimeRange,
  now: EpochMicros,
): Inquiry<ReadonlyMap<string, readonly LedgerDay[]>> {
  const starts = yield* ledgerStarts(symbols);
  const ledgers = symbols.flatMap((symbol, index) => {
    const start = starts[index];
    const span = ledgerSpan(start, now, range);
    return start === undefined || !span ? [] : { symbol, start, span };
  });
  // All ledgers end at the same time.
  const open = ledgers[0] && openDay(ledgers[0].span, now);
  const [days, runs] = yield* ask(
    inRanges(
      RECORDED_DAYS,
      ledgers.map(({ symbol, span }) => ({ prefix: [symbol], from: floorTo(span.start, DAY), until: span.end })),
    ),
    inRanges(COVERAGE, open ? ledgers.flatMap(({ symbol }) => overlapping(symbol, open)) : []),
  );
  return new Map(
    ledgers.map(({ symbol, start, span }, index) => {
      const recorded = new Map(days[index]?.map((day) => [day.date, day]));
      const [before = [], within = []] = runs.slice(2 * index, 2 * index + 2);
      // The first may have ended before.
      const ofDay = [...before.filter(({ endTime }) => endTime > (open?.start ?? 0)), ...within];
      return [symbol, ledgerDays(start, span, now, recorded, ofDay.map(toRecordedRange))];
    }),
  );
}
