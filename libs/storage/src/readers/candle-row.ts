import { accountOfMinute, type StoredCandle } from '@app/domain';
import { CANDLES_1D, CANDLES_1M, type Column, type RollUp } from '@app/history';

/** The numbers of a candle as they stand in the tables. */
interface CandleNumbersRow {
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

/** A row of `candles_1m`, or of `candle_revisions` without `superseded_at`. */
export interface MinuteCandleRow extends CandleNumbersRow {
  symbol: string;
  open_time: number;
  close_time: number;
  source: string;
  captured_at: number;
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

/** Columns of a described table, as a statement lists them. */
const listOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

export const MINUTE_COLUMNS = listOf(CANDLES_1M.columns);

/** Of `candles_1h` too. */
export const ROLL_UP_COLUMNS = listOf(CANDLES_1D.columns);

/** Of a `JoinedMinute`, of `candles_1m` and `candle_revisions`. */
export const JOINED_COLUMNS = `open_time, trade_count, captured_at, revision, ${CANDLES_1M.columns
  .filter(({ type }) => type === 'decimal')
  .map(({ name }) => name)
  .join(" || ' ' || ")}`;

// The following name each field: spreading the row, or a part of it, costs a hundred times as much, and reading a page
// of candles does little else.

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
