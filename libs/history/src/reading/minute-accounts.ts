import type { EpochMicros, TimeRange } from '@app/domain';
import { accountsBy, stopsAsKnown, stopsOfDays, type AccountOf, type StoppedDay } from '../stops';
import type { AccountRows } from './candle-rows';

/**
 * Which minutes of a symbol are accounted for, as it is or as it was known at a time. Candles bring how many minutes they
 * hold; what is read here is what the exchange does not have, which is little. Read after the candles: a minute that
 * comes in between is then counted nowhere, and never twice.
 */
export class MinuteAccounts {
  private readonly firstDue: EpochMicros | undefined;

  constructor(
    private readonly rows: AccountRows,
    private readonly symbol: string,
    private readonly asOf?: EpochMicros,
  ) {
    this.firstDue = rows.firstDue(symbol);
  }

  /** Accounts of buckets in the range. */
  within(range: TimeRange): AccountOf {
    const { rows, symbol, asOf } = this;
    const stopped =
      asOf === undefined
        ? rows.stopped(symbol, range)
        : stopsAsKnown(rows.notedStops(symbol, range, asOf), (stop) => rows.capturedBy(symbol, stop, asOf));
    return accountsBy(stopped, this.firstDue);
  }

  /** The same for buckets of whole days. */
  withinDays(range: TimeRange): AccountOf {
    return this.asOf === undefined ? this.ofDays(this.rows.stoppedDays(this.symbol, range)) : this.within(range);
  }

  /** Accounts of whole days as they are now, of which it is known how many minutes are stopped. */
  ofDays(days: readonly StoppedDay[]): AccountOf {
    const { rows, symbol, firstDue } = this;
    return accountsBy(
      stopsOfDays(days, firstDue, (day) => rows.stopped(symbol, day)),
      firstDue,
    );
  }
}
