/** Columns of a `JoinedMinute`, of `candles_1m` and `candle_revisions`. */
export const JOINED_COLUMNS = `open_time, trade_count, captured_at, revision,
  open || ' ' || high || ' ' || low || ' ' || close || ' ' ||
  volume || ' ' || quote_volume || ' ' || taker_buy_volume || ' ' || taker_buy_quote_volume`;
