import { compareDecimalTexts, DecimalSum, floorTo, MINUTE, type CandleNumbers, type EpochMicros } from '@app/domain';

/** A candle made of smaller ones, with what is needed to go on merging: which minutes it holds so far. */
export interface RollUp extends CandleNumbers {
  /** Distinct minutes merged so far: a few old candles open off the full minute, and share one with another. */
  readonly minutes: number;
  /** Open time of the first minute that had a trade; null while all of them are quiet. */
  readonly firstTradedMinute: EpochMicros | null;
  /** Open time of the last minute merged. */
  readonly lastMinute: EpochMicros;
  /** Latest capture time among its minutes. */
  readonly capturedAt: EpochMicros;
  /** 1 plus the number of revisions its minutes have seen. */
  readonly revision: number;
}

/** What a roll-up needs of a minute. */
export interface RollUpMinute extends CandleNumbers {
  readonly openTime: EpochMicros;
  readonly capturedAt: EpochMicros;
  /** 1 where it is not said. */
  readonly revision?: number;
}

/**
 * A minute with all its decimals in one text, with blanks between: open, high, low, close, volume, quote volume, taker buy
 * volume, taker buy quote volume. Handing texts over is most of what reading a row costs, and one of eight is the cheaper
 * by far.
 */
export type JoinedMinute = readonly [
  openTime: EpochMicros,
  tradeCount: number,
  capturedAt: EpochMicros,
  revision: number,
  decimals: string,
];

const BLANK = ' ';
const POINT = 46;
const MINUS = 45;

/**
 * Rolls candles up that are added in ascending order of open time. The rule was found on recordings of the exchange and
 * holds on every bucket of them: minutes without trades do not count for open, high and low; close is the last minute's;
 * sums are sums, with the largest scale of their addends; a bucket of quiet minutes only is flat at the previous close,
 * which is the close those minutes carry; a candle alone is as it is. A minute that does not exist is not invented.
 *
 * Associative: a day made of hours equals a day made of minutes, and it does not matter in which form a minute comes.
 */
export class RollUpAccumulator {
  private readonly volume = new DecimalSum();
  private readonly quoteVolume = new DecimalSum();
  private readonly takerBuyVolume = new DecimalSum();
  private readonly takerBuyQuoteVolume = new DecimalSum();
  private open = '';
  private high = '';
  private low = '';
  /** The last candle's close, as a text that it stands in. */
  private close = '';
  private closeFrom = 0;
  private closeTo: number | undefined;
  private firstTradedMinute: EpochMicros | null = null;
  private lastMinute: EpochMicros = 0;
  private tradeCount = 0;
  private capturedAt = 0;
  private revision = 1;
  private minutes = 0;
  private candles = 0;
  private startOfLast = -1;

  add(minute: RollUpMinute): void {
    this.volume.add(minute.volume);
    this.quoteVolume.add(minute.quoteVolume);
    this.takerBuyVolume.add(minute.takerBuyVolume);
    this.takerBuyQuoteVolume.add(minute.takerBuyQuoteVolume);
    this.countMinute(minute.openTime);
    this.takePrices(minute, minute.tradeCount > 0 ? minute.openTime : null);
    this.follow(minute.openTime, minute.tradeCount, minute.capturedAt, minute.revision ?? 1);
  }

  /** Adds the decimals where they stand; they are cut out only where one becomes a price of the result. */
  addJoined([openTime, tradeCount, capturedAt, revision, text]: JoinedMinute): void {
    const afterOpen = text.indexOf(BLANK);
    const afterHigh = text.indexOf(BLANK, afterOpen + 1);
    const afterLow = text.indexOf(BLANK, afterHigh + 1);
    const afterClose = text.indexOf(BLANK, afterLow + 1);
    const afterVolume = text.indexOf(BLANK, afterClose + 1);
    const afterQuote = text.indexOf(BLANK, afterVolume + 1);
    const afterTaker = text.indexOf(BLANK, afterQuote + 1);
    this.volume.add(text, afterClose + 1, afterVolume);
    this.quoteVolume.add(text, afterVolume + 1, afterQuote);
    this.takerBuyVolume.add(text, afterQuote + 1, afterTaker);
    this.takerBuyQuoteVolume.add(text, afterTaker + 1, text.length);
    this.countMinute(openTime);
    this.close = text;
    this.closeFrom = afterLow + 1;
    this.closeTo = afterClose;
    if (this.opensWith(tradeCount > 0 ? openTime : null)) {
      this.open = text.slice(0, afterOpen);
      this.high = text.slice(afterOpen + 1, afterHigh);
      this.low = text.slice(afterHigh + 1, afterLow);
    } else if (tradeCount > 0) {
      if (compareAt(text, afterOpen + 1, afterHigh, this.high) > 0) this.high = text.slice(afterOpen + 1, afterHigh);
      if (compareAt(text, afterHigh + 1, afterLow, this.low) < 0) this.low = text.slice(afterHigh + 1, afterLow);
    }
    this.follow(openTime, tradeCount, capturedAt, revision);
  }

  /** Adds a roll-up of minutes that are all behind those that were added. */
  addRollUp(rollUp: RollUp): void {
    this.volume.add(rollUp.volume);
    this.quoteVolume.add(rollUp.quoteVolume);
    this.takerBuyVolume.add(rollUp.takerBuyVolume);
    this.takerBuyQuoteVolume.add(rollUp.takerBuyQuoteVolume);
    this.minutes += rollUp.minutes;
    this.takePrices(rollUp, rollUp.firstTradedMinute);
    this.follow(rollUp.lastMinute, rollUp.tradeCount, rollUp.capturedAt, rollUp.revision);
  }

  /** What was added so far; undefined for nothing. */
  result(): RollUp | undefined {
    if (this.candles === 0) return undefined;
    const close = this.close.slice(this.closeFrom, this.closeTo);
    const isFlat = this.firstTradedMinute === null && this.candles > 1;
    return {
      open: isFlat ? close : this.open,
      high: isFlat ? close : this.high,
      low: isFlat ? close : this.low,
      close,
      volume: this.volume.toString(),
      quoteVolume: this.quoteVolume.toString(),
      tradeCount: this.tradeCount,
      takerBuyVolume: this.takerBuyVolume.toString(),
      takerBuyQuoteVolume: this.takerBuyQuoteVolume.toString(),
      minutes: this.minutes,
      firstTradedMinute: this.firstTradedMinute,
      lastMinute: this.lastMinute,
      capturedAt: this.capturedAt,
      revision: this.revision,
    };
  }

  private takePrices(
    { open, high, low, close }: Pick<CandleNumbers, 'open' | 'high' | 'low' | 'close'>,
    tradedFrom: EpochMicros | null,
  ): void {
    this.close = close;
    this.closeFrom = 0;
    this.closeTo = undefined;
    if (this.opensWith(tradedFrom)) {
      this.open = open;
      this.high = high;
      this.low = low;
    } else if (tradedFrom !== null) {
      if (compareAt(high, 0, high.length, this.high) > 0) this.high = high;
      if (compareAt(low, 0, low.length, this.low) < 0) this.low = low;
    }
  }

  /** Whether the next candle's prices take the place of all before: it is the first, or the first with trades. */
  private opensWith(tradedFrom: EpochMicros | null): boolean {
    if (this.firstTradedMinute !== null) return false;
    this.firstTradedMinute = tradedFrom;
    return tradedFrom !== null || this.candles === 0;
  }

  private countMinute(openTime: EpochMicros): void {
    const start = floorTo(openTime, MINUTE);
    if (start !== this.startOfLast) this.minutes += 1;
    this.startOfLast = start;
  }

  private follow(lastMinute: EpochMicros, tradeCount: number, capturedAt: EpochMicros, revision: number): void {
    this.candles += 1;
    this.lastMinute = lastMinute;
    this.tradeCount += tradeCount;
    if (capturedAt > this.capturedAt) this.capturedAt = capturedAt;
    this.revision += revision - 1;
  }
}

/** Rolls up minutes given in ascending order of open time; undefined for none. */
export function rollUpMinutes(minutes: Iterable<RollUpMinute>): RollUp | undefined {
  const accumulator = new RollUpAccumulator();
  for (const minute of minutes) accumulator.add(minute);
  return accumulator.result();
}

/** The same of minutes whose decimals are joined. */
export function rollUpJoined(minutes: Iterable<JoinedMinute>): RollUp | undefined {
  const accumulator = new RollUpAccumulator();
  for (const minute of minutes) accumulator.addJoined(minute);
  return accumulator.result();
}

/** Merges roll-ups, of which every minute of each is before every minute of the next; undefined for none. */
export function mergeRollUps(rollUps: Iterable<RollUp>): RollUp | undefined {
  const accumulator = new RollUpAccumulator();
  for (const rollUp of rollUps) accumulator.addRollUp(rollUp);
  return accumulator.result();
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
