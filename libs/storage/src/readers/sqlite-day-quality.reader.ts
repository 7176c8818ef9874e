import {
  DAY,
  DayQualityReader,
  compareCodePoints,
  type Clock,
  type DayQuality,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import { ledgerDates, ledgerDays } from './ledger-days';
import type { ReadStore } from './read-store';

interface VerificationRow {
  readonly date: number;
  readonly result: 'equal' | 'differs';
  readonly checked_at: number;
}

/** A comparison speaks of the day as it was then: one that has changed since is not verified. */
const VERIFICATIONS = `
  SELECT date, result, checked_at FROM day_verifications JOIN candles_1d
    ON candles_1d.symbol = day_verifications.symbol AND candles_1d.open_time = day_verifications.date
  WHERE day_verifications.symbol = ? AND date >= ? AND date < ? AND candles_1d.captured_at <= checked_at`;

/** The ledger by day, beside what comparisons with the exchange's own days say. */
export class SqliteDayQualityReader extends DayQualityReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  spans(symbols: readonly string[]): Promise<TimeRange[]> {
    return this.store.read(() => {
      const now = this.clock.now();
      return symbols.flatMap((symbol) => ledgerDates(this.store, symbol, now) ?? []);
    });
  }

  async countDates(symbols: readonly string[], range: TimeRange): Promise<number> {
    const spans = await this.spans(symbols);
    const dates = ({ start, end }: TimeRange): number =>
      Math.max(0, Math.min(end, range.end) - Math.max(start, range.start)) / DAY;
    return spans.reduce((sum, span) => sum + dates(span), 0);
  }

  days(symbols: readonly string[], range: TimeRange): Promise<DayQuality[]> {
    return this.store.read(() => {
      const now = this.clock.now();
      return [...symbols]
        .sort(compareCodePoints)
        .flatMap((symbol) => this.daysOf(symbol, range, now))
        .sort((a, b) => a.date - b.date);
    });
  }

  private daysOf(symbol: string, range: TimeRange, now: EpochMicros): DayQuality[] {
    const verifications = new Map(
      this.store
        .statement<[string, number, number], VerificationRow>(VERIFICATIONS)
        .all(symbol, range.start, range.end)
        .map((row) => [row.date, row]),
    );
    return ledgerDays(this.store, symbol, range, now).map((day) => {
      const verification = verifications.get(day.date);
      return {
        ...day,
        symbol,
        verified: verification?.result ?? null,
        changedAt: Math.max(day.changedAt, verification?.checked_at ?? 0),
      };
    });
  }
}
