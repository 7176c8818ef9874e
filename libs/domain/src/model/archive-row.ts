import type { MinuteCandle } from './candle';

/**
 * A row of a file of minutes as its hash is made of: the numbers in the file's order, times in microseconds, with its line
 * end.
 */
export function archiveRowLine(candle: MinuteCandle): string {
  const { openTime, closeTime, open, high, low, close, volume, quoteVolume, tradeCount } = candle;
  const fields = [openTime, closeTime, open, high, low, close, volume, quoteVolume, tradeCount];
  return `${fields.join(',')},${candle.takerBuyVolume},${candle.takerBuyQuoteVolume}\n`;
}
