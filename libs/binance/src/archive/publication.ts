import { DAY, floorTo, MILLISECOND, type EpochMicros } from '@app/domain';

/** By when the daily file of a date is in the archive as a rule: "the next day" (github.com/binance/binance-public-data). */
export function dailyFrom(date: EpochMicros): EpochMicros {
  return floorTo(date, DAY) + 2 * DAY;
}

/** When the month of a date is over; its file comes on the first Monday after that, or later. */
export function monthlyFrom(date: EpochMicros): EpochMicros {
  const day = new Date(date / MILLISECOND);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1) * MILLISECOND;
}
