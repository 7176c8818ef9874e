import type { CandleNumbers } from './candle';
import { isAmountText, isChangeText } from './decimal';
import type { PriceEvent } from './price-event';

/**
 * The number of a stored minute that would not be accepted today, as `high "…"`; undefined where there is none. Stores of
 * earlier releases may hold such a row, which fits into no table.
 */
export function unfitNumberOf(candle: CandleNumbers): string | undefined {
  const { open, high, low, close, volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume } = candle;
  const numbers = {
    open,
    high,
    low,
    close,
    volume,
    'quote volume': quoteVolume,
    'taker buy volume': takerBuyVolume,
    'taker buy quote volume': takerBuyQuoteVolume,
  };
  return firstUnfit(numbers, isAmountText);
}

/** The same of a price event. */
export function unfitNumberOfEvent({ lastPrice, volume, priceChangePercent }: PriceEvent): string | undefined {
  return firstUnfit({ lastPrice, volume }, isAmountText) ?? firstUnfit({ priceChangePercent }, isChangeText);
}

function firstUnfit(numbers: Readonly<Record<string, string>>, isFit: (text: string) => boolean): string | undefined {
  const found = Object.entries(numbers).find(([, text]) => !isFit(text));
  return found && `${found[0]} ${JSON.stringify(found[1])}`;
}
