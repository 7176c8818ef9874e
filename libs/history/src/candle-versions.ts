import { compareDecimalTexts, sameCandleNumbers, type CandleNumbers, type MinuteCandle } from '@app/domain';

/** Numbers in the order in which they decide between captures of the same instant. */
const DECIDING = [
  'volume',
  'quoteVolume',
  'takerBuyVolume',
  'takerBuyQuoteVolume',
  'high',
  'low',
  'open',
  'close',
] as const satisfies readonly (keyof CandleNumbers)[];

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What is left to tell two captures apart whose instants and numbers are equal: how they were written. */
function compareWriting(a: MinuteCandle, b: MinuteCandle): number {
  for (const field of DECIDING) {
    const order = compareTexts(a[field], b[field]);
    if (order !== 0) return order;
  }
  return compareTexts(a.source, b.source) || a.closeTime - b.closeTime;
}

/**
 * A total order of captures of one minute: by time of capture. Of two with different numbers at the same instant the
 * one with fewer trades comes first, for a candle grows as trades come in; further ties are settled by the other
 * numbers, and those of equal numbers by their text, so that the order never depends on which arrived first.
 */
export function compareCaptures(a: MinuteCandle, b: MinuteCandle): number {
  if (a.capturedAt !== b.capturedAt) return a.capturedAt - b.capturedAt;
  if (a.tradeCount !== b.tradeCount) return a.tradeCount - b.tradeCount;
  for (const field of DECIDING) {
    const order = compareDecimalTexts(a[field], b[field]);
    if (order !== 0) return order;
  }
  return compareWriting(a, b);
}

/**
 * Revision of the first version of a minute. That of a minute which came after it had been noted as stopped is the second:
 * that there is no such minute was the first answer.
 */
export function firstRevision(wasStopped: boolean): number {
  return wasStopped ? 2 : 1;
}

/** All that is known of one minute. */
export interface CandleVersions {
  /**
   * What the exchange said one after the other, the last one is current: their revisions count up from
   * {@link firstRevision}. Never empty.
   */
  readonly versions: readonly MinuteCandle[];
  /** Later captures that repeat the version before them, ascending. */
  readonly repeats: readonly MinuteCandle[];
}

/**
 * Sorts the captures of one minute into versions. In the order of {@link compareCaptures}, a capture whose numbers
 * differ from those of the capture before it begins a version, and the first one does; the others repeat. A version is
 * thus told by its earliest capture, and numbers that come back after others are a version again. The outcome depends
 * on the set of captures alone, not on the order in which they arrived nor on how often.
 */
export function versionsOf(captures: Iterable<MinuteCandle>): CandleVersions {
  const versions: MinuteCandle[] = [];
  const repeats: MinuteCandle[] = [];
  let before: MinuteCandle | undefined;
  for (const capture of [...captures].sort(compareCaptures)) {
    if (!before || !sameCandleNumbers(before, capture)) versions.push(capture);
    else if (before.capturedAt !== capture.capturedAt) repeats.push(capture);
    else continue;
    before = capture;
  }
  return { versions, repeats };
}
