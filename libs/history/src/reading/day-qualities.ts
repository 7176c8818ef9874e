import {
  compareCodePoints,
  DAY,
  DayQualityReader,
  type Clock,
  type DayQuality,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import { datesOf, ledgerSpan } from '../ledger-days';
import type { RowOf } from '../rows/table';
import { ask, inRanges, together, type Inquiry, type RowFinder } from '../rows/unit';
import { DAY_CAPTURES } from '../units/ledger-tables';
import { DAY_VERIFICATIONS } from '../units/day-verification-unit';
import { inRounds } from './buckets';
import { ledgerDaysIn, ledgerStarts } from './ledger-account';

type Verification = RowOf<typeof DAY_VERIFICATIONS>;

/** The ledger by day, beside what comparisons with the exchange's own days say. */
export class DayQualities extends DayQualityReader {
  constructor(
    private readonly rows: RowFinder,
    private readonly clock: Clock,
  ) {
    super();
  }

  async spans(symbols: readonly string[]): Promise<TimeRange[]> {
    const now = this.clock.now();
    const starts = await this.rows.find(ledgerStarts(symbols));
    return starts.flatMap((start) => {
      const span = ledgerSpan(start, now);
      return span ? datesOf(span) : [];
    });
  }

  async countDates(symbols: readonly string[], range: TimeRange): Promise<number> {
    const spans = await this.spans(symbols);
    const dates = ({ start, end }: TimeRange): number =>
      Math.max(0, Math.min(end, range.end) - Math.max(start, range.start)) / DAY;
    return spans.reduce((sum, span) => sum + dates(span), 0);
  }

  days(symbols: readonly string[], range: TimeRange): Promise<DayQuality[]> {
    return this.rows.find(daysIn([...symbols].sort(compareCodePoints), range, this.clock.now()));
  }
}

function* daysIn(symbols: readonly string[], range: TimeRange, now: EpochMicros): Inquiry<DayQuality[]> {
  const days: DayQuality[] = [];
  for (const part of inRounds(symbols)) for (const day of yield* daysOf(part, range, now)) days.push(day);
  // Stable: symbols stay in their order within a date.
  return days.sort((a, b) => a.date - b.date);
}

function* daysOf(symbols: readonly string[], range: TimeRange, now: EpochMicros): Inquiry<DayQuality[]> {
  const [ledgers, verified] = yield* together(ledgerDaysIn(symbols, range, now), verificationsIn(symbols, range));
  return symbols.flatMap((symbol, index) =>
    (ledgers.get(symbol) ?? []).map((day): DayQuality => {
      const verification = verified[index]?.get(day.date);
      return {
        ...day,
        symbol,
        verified: (verification?.result as DayQuality['verified'] | undefined) ?? null,
        changedAt: Math.max(day.changedAt, verification?.checkedAt ?? 0),
      };
    }),
  );
}

/** By symbol and date. A comparison speaks of the day as it was then: of one that has changed since there is none. */
function* verificationsIn(
  symbols: readonly string[],
  { start, end }: TimeRange,
): Inquiry<readonly ReadonlyMap<EpochMicros, Verification>[]> {
  const ranges = symbols.map((symbol) => ({ prefix: [symbol], from: start, until: end }));
  const [found] = yield* ask(inRanges(DAY_VERIFICATIONS, ranges));
  const compared = found.flatMap((ofSymbol) => {
    const [first, last] = [ofSymbol[0], ofSymbol.at(-1)];
    return first && last ? { prefix: [first.symbol], from: first.date, until: last.date + DAY } : [];
  });
  const [captures] = yield* ask(inRanges(DAY_CAPTURES, compared));
  const capturedAt = new Map(
    captures.map((days) => [days[0]?.symbol, new Map(days.map((day) => [day.openTime, day.capturedAt]))]),
  );
  return symbols.map((symbol, index) => {
    const ofDays = capturedAt.get(symbol);
    const valid = (found[index] ?? []).filter(({ date, checkedAt }) => (ofDays?.get(date) ?? Infinity) <= checkedAt);
    return new Map(valid.map((verification) => [verification.date, verification]));
  });
}
