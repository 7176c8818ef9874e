import { maxDecimalText, minDecimalText } from './decimal';
import { sumDecimalTexts } from './decimal-sum';
import type { RollUp } from './roll-up';

/**
 * Merges any number of roll-ups, of which every minute of each is before every minute of the next; undefined for none.
 * The same as `mergeRollUps` one after the other, with each sum made in one go.
 */
export function mergeAllRollUps(rollUps: readonly RollUp[]): RollUp | undefined {
  const [only] = rollUps;
  const last = rollUps.at(-1);
  if (!only || !last || rollUps.length === 1) return only;
  const traded = rollUps.filter(({ firstTradedMinute }) => firstTradedMinute !== null);
  const [first] = traded;
  const { close } = last;
  return {
    open: first?.open ?? close,
    high: first ? traded.map(({ high }) => high).reduce(maxDecimalText) : close,
    low: first ? traded.map(({ low }) => low).reduce(minDecimalText) : close,
    close,
    volume: sumDecimalTexts(rollUps.map(({ volume }) => volume)),
    quoteVolume: sumDecimalTexts(rollUps.map(({ quoteVolume }) => quoteVolume)),
    tradeCount: rollUps.reduce((sum, { tradeCount }) => sum + tradeCount, 0),
    takerBuyVolume: sumDecimalTexts(rollUps.map(({ takerBuyVolume }) => takerBuyVolume)),
    takerBuyQuoteVolume: sumDecimalTexts(rollUps.map(({ takerBuyQuoteVolume }) => takerBuyQuoteVolume)),
    minutes: rollUps.reduce((sum, { minutes }) => sum + minutes, 0),
    firstTradedMinute: first?.firstTradedMinute ?? null,
    lastMinute: last.lastMinute,
    capturedAt: rollUps.reduce((latest, { capturedAt }) => Math.max(latest, capturedAt), 0),
    revision: rollUps.reduce((sum, { revision }) => sum + revision - 1, 1),
  };
}
