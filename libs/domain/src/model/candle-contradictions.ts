import type { CandleNumbers } from './candle';
import { compareDecimalTexts } from './decimal';

const PRICES = ['open', 'high', 'low', 'close'] as const;
const PRICES_WITHIN = ['open', 'close'] as const;

/**
 * In what the numbers of a minute contradict each other; nothing for nearly every one. Such a row is stored as the exchange
 * gave it, since nothing tells which of its numbers is wrong. Numbers are accepted ones: see `isAmountText`.
 */
export function contradictionsOf(candle: CandleNumbers): string[] {
  const { high, low, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle;
  const found: string[] = [];
  if (isLess(high, low)) found.push(`high ${high} is below low ${low}`);
  for (const name of PRICES_WITHIN) {
    const price = candle[name];
    if (isLess(high, price)) found.push(`${name} ${price} is above high ${high}`);
    if (isLess(price, low)) found.push(`${name} ${price} is below low ${low}`);
  }
  if (isLess(volume, takerBuyVolume)) found.push(`taker buy volume ${takerBuyVolume} is above volume ${volume}`);
  if (isLess(quoteVolume, takerBuyQuoteVolume)) {
    found.push(`taker buy quote volume ${takerBuyQuoteVolume} is above quote volume ${quoteVolume}`);
  }
  if (tradeCount === 0) {
    if (!isZero(volume)) found.push(`volume ${volume} without trades`);
    if (!isZero(quoteVolume)) found.push(`quote volume ${quoteVolume} without trades`);
    return found;
  }
  for (const name of PRICES) {
    if (isZero(candle[name])) found.push(`${name} of 0 with ${tradeCount} trades`);
  }
  return found;
}

/** Numbers of one row nearly always look alike, and then their digits decide. */
function isLess(a: string, b: string): boolean {
  if (a === b) return false;
  if (a.length === b.length && a.indexOf('.') === b.indexOf('.')) return a < b;
  return compareDecimalTexts(a, b) < 0;
}

function isZero(text: string): boolean {
  return text.startsWith('0') && /^0(?:\.0+)?$/.test(text);
}
