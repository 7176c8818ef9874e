import { accountOfMinute, type MinuteCandle, type StoredCandle } from '@app/domain';
import type { RollUp } from '@app/history';

/** The numbers of a candle as they stand in the tables. */
export interface CandleNumbersRow {
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  quote_volume: string;
  trade_count: number;
  taker_buy_volume: string;
  taker_buy_quote_volume: string;
}

/** One capture of a minute: a row of `candle_repeats` without `recorded`. */
interface CaptureRow extends CandleNumbersRow {
  symbol: string;
  open_time: number;
  close_time: number;
  source: string;
  captured_at: number;
}

/** A row of `candles_1m`, or of `candle_revisions` without `superseded_at`. */
export interface MinuteCandleRow extends CaptureRow {
  revision: number;
}

/** A row of `candles_1h` or `candles_1d`. */
export interface RollUpRow extends CandleNumbersRow {
  symbol: string;
  open_time: number;
  minutes: number;
  first_traded_minute: number | null;
  last_minute: number;
  captured_at: number;
  revision: number;
}

const NUMBER_COLUMNS =
  'open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume, taker_buy_quote_volume';

const REPEAT_COLUMNS = `symbol, open_time, close_time, ${NUMBER_COLUMNS}, source, captured_at`;

export const MINUTE_COLUMNS = `${REPEAT_COLUMNS}, revision`;

export const ROLL_UP_COLUMNS = `symbol, open_time, ${NUMBER_COLUMNS}, minutes, first_traded_minute, last_minute, captured_at, revision`;

// The following name each field: spreading the row, or a part of it, costs a hundred times as much, and reading a page
// of candles does little else.

export function toMinuteCandle(row: CaptureRow): MinuteCandle {
  return {
    symbol: row.symbol,
    openTime: row.open_time,
    closeTime: row.close_time,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    takerBuyVolume: row.taker_buy_volume,
    takerBuyQuoteVolume: row.taker_buy_quote_volume,
    source: row.source,
    capturedAt: row.captured_at,
  };
}

/** The minute with the revision that it is; it is stored, so nothing of it is missing. */
export function toStoredMinute(row: MinuteCandleRow): StoredCandle {
  return {
    symbol: row.symbol,
    openTime: row.open_time,
    closeTime: row.close_time,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    takerBuyVolume: row.taker_buy_volume,
    takerBuyQuoteVolume: row.taker_buy_quote_volume,
    source: row.source,
    capturedAt: row.captured_at,
    revision: row.revision,
    account: accountOfMinute(row.open_time),
  };
}

export function toRollUp(row: RollUpRow): RollUp {
  return {
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    takerBuyVolume: row.taker_buy_volume,
    takerBuyQuoteVolume: row.taker_buy_quote_volume,
    minutes: row.minutes,
    firstTradedMinute: row.first_traded_minute,
    lastMinute: row.last_minute,
    capturedAt: row.captured_at,
    revision: row.revision,
  };
}
