import { divideRounded, formatUnits, parseUnits } from '../market/fixed-point';
import type { Candle, Instrument } from '../market/market';

const DECIMALS = 8;

/** The row with the smallest quantity more, traded at its close by a taker who sold. */
export function oneStepMore(row: Candle, instrument: Instrument | undefined): Candle {
  const lotSize = instrument?.filters.find((filter) => filter['filterType'] === 'LOT_SIZE');
  const stepSize = lotSize?.['stepSize'];
  const step = typeof stepSize === 'string' ? parseUnits(stepSize) : 1n;
  const quote = divideRounded(parseUnits(row.close) * step, 10n ** BigInt(DECIMALS));
  return {
    ...row,
    volume: formatUnits(parseUnits(row.volume) + step, DECIMALS),
    quoteVolume: formatUnits(parseUnits(row.quoteVolume) + quote, DECIMALS),
    tradeCount: Math.max(1, row.tradeCount),
  };
}
