import { basename } from 'node:path';
import { DAY, formatDate, MILLISECOND, parseIsoTime, type EpochMicros, type TimeRange } from '@app/domain';

/** What the name of an archive file says: `BTCUSDT-1m-2020-01-01.zip`, `BTCUSDT-1h-2017-08.csv`. */
export interface KlineFileName {
  readonly symbol: string;
  /** As the archive writes it (`1mo` is a month). */
  readonly interval: string;
  /** The day or month that its rows belong to. */
  readonly range: TimeRange;
}

const NAME = /^(?<symbol>[\p{L}\p{N}]+)-(?<interval>\d+(?:[smhdw]|mo))-(?<date>\d{4}-\d{2}(?:-\d{2})?)(?:\.|$)/u;

/** Undefined for a name that is not the archive's. */
export function parseKlineFileName(path: string): KlineFileName | undefined {
  const groups = NAME.exec(basename(path))?.groups;
  if (!groups) return undefined;
  const { symbol = '', interval = '', date = '' } = groups;
  const isDay = date.length === 10;
  const start = parseIsoTime(isDay ? date : `${date}-01`);
  if (start === undefined) return undefined;
  return { symbol, interval, range: { start, end: isDay ? start + DAY : nextMonth(start) } };
}

function nextMonth(start: EpochMicros): EpochMicros {
  const date = new Date(start / MILLISECOND);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * MILLISECOND;
}

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
