import { formatDate, type EpochMicros } from '@app/domain';

/** A file of the archive. */
export interface ArchiveFileAddress {
  readonly name: string;
  /** Percent-encoded: symbols need not be ASCII. */
  readonly path: string;
}

/** A day's file of minutes; `date` is any instant of the day. */
export function dailyFile(symbol: string, date: EpochMicros): ArchiveFileAddress {
  return addressOf('daily', symbol, formatDate(date));
}

/** A month's file of minutes; `date` is any instant of the month. */
export function monthlyFile(symbol: string, date: EpochMicros): ArchiveFileAddress {
  return addressOf('monthly', symbol, formatDate(date).slice(0, 'YYYY-MM'.length));
}

function addressOf(period: 'daily' | 'monthly', symbol: string, date: string): ArchiveFileAddress {
  const name = `${symbol}-1m-${date}.zip`;
  return { name, path: `/data/spot/${period}/klines/${encodeURIComponent(symbol)}/1m/${encodeURIComponent(name)}` };
}
