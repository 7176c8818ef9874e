import {
  CANDLE_PAGE_LIMIT,
  floorTo,
  isDecimalText,
  KLINE_SOURCE,
  MILLISECOND,
  sameCandleNumbers,
  type EpochMicros,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import type { DroppedRow, MappedRows } from './dropped-rows';
import { readVenueTime } from './venue-time';

export interface KlinePage {
  readonly symbol: string;
  /** Open times that were asked for. */
  readonly range: TimeRange;
  readonly capturedAt: EpochMicros;
}

/**
 * Rows of `klines`: [open time, open, high, low, close, volume, close time, quote volume, trades, taker buy volume,
 * taker buy quote volume, unused]. One row that cannot be read spoils the page: passing over it would lose a minute
 * without a trace. A row that is there twice is taken once.
 *
 * @throws MalformedAnswerError
 */
export function mapKlines(body: unknown, page: KlinePage): MappedRows<MinuteCandle> {
  if (!Array.isArray(body)) throw new MalformedAnswerError('klines without a list of rows');
  if (body.length > CANDLE_PAGE_LIMIT) throw new MalformedAnswerError(`klines with ${body.length} rows`);
  const rows: MinuteCandle[] = [];
  const dropped: DroppedRow[] = [];
  for (const [index, item] of (body as unknown[]).entries()) {
    const candle = mapKline(item, index, page);
    const previous = rows.at(-1);
    if (candle.openTime < page.range.start || candle.openTime >= page.range.end) {
      throw new MalformedAnswerError(`klines row ${index} opens outside the range asked for`);
    }
    if (previous !== undefined && candle.openTime <= previous.openTime) {
      if (!sameCandle(candle, previous)) {
        throw new MalformedAnswerError(`klines row ${index} does not open after the row before it`);
      }
      dropped.push({ reason: 'duplicate', detail: `a kline of ${page.symbol} twice` });
      continue;
    }
    rows.push(candle);
  }
  return { rows, dropped };
}

function mapKline(item: unknown, index: number, { symbol, capturedAt }: KlinePage): MinuteCandle {
  if (!Array.isArray(item) || item.length < 12) throw new MalformedAnswerError(`klines row ${index} has no 12 columns`);
  const row = item as unknown[];
  const decimal = (column: number): string => {
    const value = row[column];
    if (typeof value !== 'string' || !isDecimalText(value) || value.startsWith('-')) {
      throw new MalformedAnswerError(`klines row ${index}, column ${column} is not a decimal`);
    }
    return value;
  };
  const time = (column: number): EpochMicros => {
    const value = readVenueTime(row[column]);
    if (value === undefined) throw new MalformedAnswerError(`klines row ${index}, column ${column} is not a time`);
    return value;
  };
  const openTime = time(0);
  const closeTime = floorTo(time(6), MILLISECOND);
  const tradeCount = row[8];
  if (closeTime < openTime) throw new MalformedAnswerError(`klines row ${index} closes before it opens`);
  if (typeof tradeCount !== 'number' || !Number.isSafeInteger(tradeCount) || tradeCount < 0) {
    throw new MalformedAnswerError(`klines row ${index} has no trade count`);
  }
  return {
    symbol,
    openTime,
    closeTime,
    open: decimal(1),
    high: decimal(2),
    low: decimal(3),
    close: decimal(4),
    volume: decimal(5),
    quoteVolume: decimal(7),
    tradeCount,
    takerBuyVolume: decimal(9),
    takerBuyQuoteVolume: decimal(10),
    source: KLINE_SOURCE,
    capturedAt,
  };
}

/** Whether two rows are one candle, given twice. */
export function sameCandle(a: MinuteCandle, b: MinuteCandle): boolean {
  return a.openTime === b.openTime && a.closeTime === b.closeTime && sameCandleNumbers(a, b);
}
