import { formatUnits, parseUnits } from './fixed-point';
import type { Candle } from './market';

const DECIMALS = 8;

/**
 * The candle of a bucket from its minutes, oldest first; undefined without any. Minutes without trades do not count for
 * open, high and low; the close is the last minute's; a bucket of quiet minutes only is flat at their price.
 */
export function rollUp(minutes: readonly Candle[], openTime: number, closeTime: number): Candle | undefined {
  const last = minutes.at(-1);
  if (last === undefined) {
    return undefined;
  }
  const traded = minutes.filter((minute) => minute.tradeCount > 0);
  const priced = traded.length > 0 ? traded : [last];
  const sum = (field: (minute: Candle) => string): string =>
    formatUnits(
      minutes.reduce((total, minute) => total + parseUnits(field(minute)), 0n),
      DECIMALS,
    );
  return {
    openTime,
    closeTime,
    open: priced[0]?.open ?? last.close,
    high: extreme(
      priced.map((minute) => minute.high),
      (a, b) => a > b,
    ),
    low: extreme(
      priced.map((minute) => minute.low),
      (a, b) => a < b,
    ),
    close: last.close,
    volume: sum((minute) => minute.volume),
    quoteVolume: sum((minute) => minute.quoteVolume),
    tradeCount: minutes.reduce((total, minute) => total + minute.tradeCount, 0),
    takerBuyVolume: sum((minute) => minute.takerBuyVolume),
    takerBuyQuoteVolume: sum((minute) => minute.takerBuyQuoteVolume),
  };
}

function extreme(prices: readonly string[], beats: (a: bigint, b: bigint) => boolean): string {
  return prices.reduce((best, price) => (beats(parseUnits(price), parseUnits(best)) ? price : best));
}
