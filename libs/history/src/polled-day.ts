import { compareDecimalTexts, type EpochMicros, type PriceEvent } from '@app/domain';

/** What the polled prices of one symbol say of one UTC day. */
export interface PolledDayValues {
  open: string;
  high: string;
  low: string;
  close: string;
  /** The exchange's rolling volume at the last of them. */
  volume: string;
  firstTimestamp: EpochMicros;
  lastTimestamp: EpochMicros;
}

/** What a day needs of a price. */
export type PolledPrice = Pick<PriceEvent, 'timestamp' | 'source' | 'lastPrice' | 'volume'>;

/** First and last by name of the sources that have a price of a symbol at one instant. */
export interface InstantSources {
  readonly first: string;
  readonly last: string;
}

/**
 * Keeps what polled prices say of their day: open, high, low and close of the prices, whatever order they come in. Of
 * several sources at one instant the first by name opens and the last closes.
 */
export class PolledDay {
  constructor(private current?: PolledDayValues) {}

  /** Undefined while the day has no price. */
  get values(): Readonly<PolledDayValues> | undefined {
    return this.current;
  }

  /** Instant of its last price; before all instants where it has none. */
  get lastTimestamp(): EpochMicros {
    return this.current?.lastTimestamp ?? -Infinity;
  }

  /**
   * Adds a price that is new. `sourcesAt` is asked only where an instant has a price already, and answers with the sources of
   * all of them, the new one among them.
   */
  add(
    { timestamp, source, lastPrice, volume }: PolledPrice,
    sourcesAt: (timestamp: EpochMicros) => InstantSources | undefined,
  ): void {
    const day = this.current;
    if (!day) {
      this.current = {
        open: lastPrice,
        high: lastPrice,
        low: lastPrice,
        close: lastPrice,
        volume,
        firstTimestamp: timestamp,
        lastTimestamp: timestamp,
      };
      return;
    }
    if (
      timestamp < day.firstTimestamp ||
      (timestamp === day.firstTimestamp && source === sourcesAt(timestamp)?.first)
    ) {
      day.open = lastPrice;
      day.firstTimestamp = timestamp;
    }
    if (timestamp > day.lastTimestamp || (timestamp === day.lastTimestamp && source === sourcesAt(timestamp)?.last)) {
      day.close = lastPrice;
      day.volume = volume;
      day.lastTimestamp = timestamp;
    }
    if (compareDecimalTexts(lastPrice, day.high) > 0) day.high = lastPrice;
    else if (compareDecimalTexts(lastPrice, day.low) < 0) day.low = lastPrice;
  }
}

/** What all prices of a day say of it, in order of time, then of source; undefined for none. */
export function polledDayOf(prices: Iterable<PolledPrice>): Readonly<PolledDayValues> | undefined {
  const day = new PolledDay();
  let sources: InstantSources | undefined;
  let instant: EpochMicros | undefined;
  for (const price of prices) {
    const { timestamp, source } = price;
    sources = { first: timestamp === instant && sources ? sources.first : source, last: source };
    instant = timestamp;
    day.add(price, () => sources);
  }
  return day.values;
}
