import {
  AMOUNT_RULE,
  floorTo,
  isAmountText,
  KLINE_SOURCE,
  MILLISECOND,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { faultOf, type BrokenRow } from './broken-row';
import { readVenueTime } from './venue-time';

/** The columns of a kline, in their order, over REST and in files. */
export const KLINE_COLUMNS = [
  'open time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close time',
  'quote volume',
  'trade count',
  'taker buy volume',
  'taker buy quote volume',
  'ignore',
] as const;

/** What is allowed, in words. */
export const TIME_RULE = 'a time in milliseconds or microseconds';
export const COUNT_RULE = 'a whole number from 0';
export const COLUMNS_RULE = `the ${KLINE_COLUMNS.length} of a kline`;

const DECIMAL_COLUMNS = [1, 2, 3, 4, 5, 7, 9, 10] as const;

/** Why a close time does not belong to a candle of that length; undefined where it does. */
export function closeTimeFault(openTime: EpochMicros, closeTime: EpochMicros, length: EpochMicros): string | undefined {
  if (closeTime >= openTime && closeTime < openTime + length) return undefined;
  const seconds = length / (1_000 * MILLISECOND);
  return faultOf(
    'close time',
    closeTime / MILLISECOND,
    `within ${seconds} s from the open time ${openTime / MILLISECOND}`,
  );
}

export interface KlineRowContext {
  readonly symbol: string;
  readonly capturedAt: EpochMicros;
  /** Length of the candles. */
  readonly length: EpochMicros;
}

/**
 * Reads one row of `klines`: [open time, open, high, low, close, volume, close time, quote volume, trades, taker buy
 * volume, taker buy quote volume, unused]; columns after these are passed over. The last may be anything.
 */
export function readKlineRow(item: unknown, { symbol, capturedAt, length }: KlineRowContext): MinuteCandle | BrokenRow {
  if (!Array.isArray(item)) return { openTime: undefined, fault: faultOf('it', item, 'a list of columns') };
  const row = item as unknown[];
  const openTime = readVenueTime(row[0]);
  const broken = (fault: string): BrokenRow => ({ openTime, fault });
  const wrong = (column: number, allowed: string): BrokenRow =>
    broken(faultOf(KLINE_COLUMNS[column] ?? '', row[column], allowed));
  if (openTime === undefined) return wrong(0, TIME_RULE);
  if (row.length < KLINE_COLUMNS.length) return broken(faultOf('number of columns', row.length, COLUMNS_RULE));
  for (const column of DECIMAL_COLUMNS) {
    const value = row[column];
    if (typeof value !== 'string' || !isAmountText(value)) return wrong(column, AMOUNT_RULE);
  }
  const closeTime = readVenueTime(row[6]);
  if (closeTime === undefined) return wrong(6, TIME_RULE);
  const misfit = closeTimeFault(openTime, floorTo(closeTime, MILLISECOND), length);
  if (misfit !== undefined) return broken(misfit);
  const tradeCount = row[8];
  if (typeof tradeCount !== 'number' || !Number.isSafeInteger(tradeCount) || tradeCount < 0)
    return wrong(8, COUNT_RULE);
  const text = (column: (typeof DECIMAL_COLUMNS)[number]): string => row[column] as string;
  return {
    symbol,
    openTime: floorTo(openTime, MILLISECOND),
    closeTime: floorTo(closeTime, MILLISECOND),
    open: text(1),
    high: text(2),
    low: text(3),
    close: text(4),
    volume: text(5),
    quoteVolume: text(7),
    tradeCount,
    takerBuyVolume: text(9),
    takerBuyQuoteVolume: text(10),
    source: KLINE_SOURCE,
    capturedAt,
  };
}
