import { compareDecimalTexts, DecimalSum, floorTo, MINUTE, type EpochMicros, type RollUp } from '@app/domain';

/**
 * A minute as larger candles are made of it: all decimals as one text, for handing texts over is most of what reading a
 * row costs, and one of eight is the cheaper by far.
 */
export type JoinedMinute = readonly [
  openTime: EpochMicros,
  tradeCount: number,
  capturedAt: EpochMicros,
  revision: number,
  decimals: string,
];

/** Columns of a {@link JoinedMinute}, of `candles_1m` and `candle_revisions`. */
export const JOINED_COLUMNS = `open_time, trade_count, captured_at, revision,
  open || ' ' || high || ' ' || low || ' ' || close || ' ' ||
  volume || ' ' || quote_volume || ' ' || taker_buy_volume || ' ' || taker_buy_quote_volume`;

const BLANK = ' ';
const POINT = 46;
const MINUS = 45;

/**
 * What `rollUpMinutes` makes of the same minutes, ascending; undefined for none. Their decimals are added where they
 * stand, and cut out only where one becomes a price of the result.
 */
export function rollUpJoined(minutes: readonly JoinedMinute[]): RollUp | undefined {
  const last = minutes.at(-1);
  if (!last) return undefined;
  // A minute alone is as it is, whatever a quiet one says of its prices.
  const isAlone = minutes.length === 1;
  const [volume, quoteVolume] = [new DecimalSum(), new DecimalSum()];
  const [takerBuyVolume, takerBuyQuoteVolume] = [new DecimalSum(), new DecimalSum()];
  let [open, high, low, close] = ['', '', '', ''];
  let firstTradedMinute: EpochMicros | null = null;
  let [tradeCount, capturedAt, revision] = [0, 0, 1];
  let [distinct, before] = [0, -1];
  for (const minute of minutes) {
    const [openTime, trades, captured, version, text] = minute;
    const afterOpen = text.indexOf(BLANK);
    const afterHigh = text.indexOf(BLANK, afterOpen + 1);
    const afterLow = text.indexOf(BLANK, afterHigh + 1);
    const afterClose = text.indexOf(BLANK, afterLow + 1);
    const afterVolume = text.indexOf(BLANK, afterClose + 1);
    const afterQuote = text.indexOf(BLANK, afterVolume + 1);
    const afterTaker = text.indexOf(BLANK, afterQuote + 1);
    volume.add(text, afterClose + 1, afterVolume);
    quoteVolume.add(text, afterVolume + 1, afterQuote);
    takerBuyVolume.add(text, afterQuote + 1, afterTaker);
    takerBuyQuoteVolume.add(text, afterTaker + 1, text.length);
    const start = floorTo(openTime, MINUTE);
    if (start !== before) distinct += 1;
    before = start;
    tradeCount += trades;
    if (captured > capturedAt) capturedAt = captured;
    revision += version - 1;
    if (minute === last) close = text.slice(afterLow + 1, afterClose);
    if (trades === 0 && !isAlone) continue;
    if (firstTradedMinute === null) {
      firstTradedMinute = trades > 0 ? openTime : null;
      open = text.slice(0, afterOpen);
      high = text.slice(afterOpen + 1, afterHigh);
      low = text.slice(afterHigh + 1, afterLow);
      continue;
    }
    if (compareAt(text, afterOpen + 1, afterHigh, high) > 0) high = text.slice(afterOpen + 1, afterHigh);
    if (compareAt(text, afterHigh + 1, afterLow, low) < 0) low = text.slice(afterHigh + 1, afterLow);
  }
  if (firstTradedMinute === null && !isAlone) [open, high, low] = [close, close, close];
  return {
    open,
    high,
    low,
    close,
    volume: volume.toString(),
    quoteVolume: quoteVolume.toString(),
    tradeCount,
    takerBuyVolume: takerBuyVolume.toString(),
    takerBuyQuoteVolume: takerBuyQuoteVolume.toString(),
    minutes: distinct,
    firstTradedMinute,
    lastMinute: last[0],
    capturedAt,
    revision,
  };
}

/** Compares what stands between two places with a decimal text, as numbers. */
function compareAt(text: string, from: number, to: number, other: string): number {
  const point = other.indexOf('.');
  const isAligned = to - from === other.length && point > 0 && text.charCodeAt(from + point) === POINT;
  if (!isAligned || text.charCodeAt(from) === MINUS || other.charCodeAt(0) === MINUS) {
    return compareDecimalTexts(text.slice(from, to), other);
  }
  for (let index = 0; index < other.length; index += 1) {
    const difference = text.charCodeAt(from + index) - other.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return 0;
}
