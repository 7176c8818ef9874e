import { compareCodePoints, compareDecimalTexts, DAY, floorTo, type EpochMicros, type PriceEvent } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type KeyRange, type Unit, type WrittenRows } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { KNOWN_SYMBOLS } from './known-symbols';

/** Silver: polled prices. The change in percent has a sign, and so is no `decimal`. */
export const PRICE_EVENTS = describeTable(
  'price_events',
  ['symbol', 'timestamp', 'source'],
  {
    symbol: 'text',
    timestamp: 'time',
    source: 'text',
    lastPrice: 'decimal',
    priceChangePercent: 'text',
    volume: 'decimal',
  },
  (row) => [row.symbol, row.timestamp, row.source, row.lastPrice, row.priceChangePercent, row.volume],
);

/** Gold: what the polled prices of a UTC day say of it. */
export const TICKER_DAYS = describeTable(
  'ticker_days',
  ['symbol', 'date'],
  {
    symbol: 'text',
    date: 'time',
    open: 'decimal',
    high: 'decimal',
    low: 'decimal',
    close: 'decimal',
    volume: 'decimal',
    firstTimestamp: 'time',
    lastTimestamp: 'time',
  },
  ({ symbol, date, open, high, low, close, volume, firstTimestamp, lastTimestamp }) => [
    symbol,
    date,
    open,
    high,
    low,
    close,
    volume,
    firstTimestamp,
    lastTimestamp,
  ],
);

export type TickerDayRow = RowOf<typeof TICKER_DAYS>;

/** What a day needs of a price. */
export type PolledPrice = Pick<PriceEvent, 'timestamp' | 'source' | 'lastPrice' | 'volume'>;

/**
 * Accepts price events and keeps what they say of their days. One whose key is known is a repeat.
 *
 * An event that is later than all its day has seen is new for certain. Only of any other it is asked which sources have a
 * price at its instant.
 */
export function* priceUnit(events: readonly PriceEvent[]): Unit<KindOutcome> {
  const days = new PolledDays();
  const ofEvents = events.map(({ symbol, timestamp }) => days.of(symbol, timestamp));
  const all = [...days.all()];
  const [stored] = yield* ask(
    byKeys(
      TICKER_DAYS,
      all.map(({ symbol, date }) => [symbol, date]),
    ),
  );
  for (const [index, day] of all.entries()) day.goOnFrom(stored[index]);

  const known: { readonly day: PolledDay; readonly instant: EpochMicros }[] = [];
  const ranges: KeyRange[] = [];
  for (const [index, { timestamp }] of events.entries()) {
    const day = ofEvents[index];
    if (!day?.hasToAsk(timestamp)) continue;
    known.push({ day, instant: timestamp });
    ranges.push({ prefix: [day.symbol, timestamp] });
  }
  const [prices] = yield* ask(inRanges(PRICE_EVENTS, ranges));
  for (const [index, { day, instant }] of known.entries()) day.learn(instant, prices[index] ?? []);

  const added: PriceEvent[] = [];
  const areNew = events.map((event, index) => {
    const isNew = ofEvents[index]?.add(event) ?? false;
    if (isNew) added.push(event);
    return isNew;
  });
  const begun = all.filter(({ isStored }) => !isStored);
  return {
    outcome: {
      outcomes: areNew.map((isNew) => (isNew ? 'taken' : 'repeat')),
      kept: areNew,
      promoted: [],
      changes: [{ kind: 'prices', items: added }],
    },
    changes: [
      { kind: 'ensure', table: KNOWN_SYMBOLS, rows: begun.map(({ symbol }) => ({ symbol })) },
      { kind: 'add', table: PRICE_EVENTS, rows: added } satisfies WrittenRows<PriceEvent>,
      {
        kind: 'put',
        table: TICKER_DAYS,
        rows: all.flatMap(({ row, isChanged }) => (row && isChanged ? [row] : [])),
      } satisfies WrittenRows<TickerDayRow>,
    ],
  };
}

/**
 * A UTC day of a symbol, as its polled prices have it, whatever order they come in. Of several sources at one instant the
 * first by name opens and the last closes.
 */
export class PolledDay {
  private current: { -readonly [Field in keyof TickerDayRow]: TickerDayRow[Field] } | undefined;
  private storedUntil = -Infinity;
  private readonly added: PolledPrice[] = [];
  /** Sources by instant: as stored where that was asked, and of the first `counted` prices that were added. */
  private sources: Map<EpochMicros, Set<string>> | undefined;
  private counted = 0;

  constructor(
    readonly symbol: string,
    readonly date: EpochMicros,
  ) {}

  /** Undefined while the day has no price. */
  get row(): TickerDayRow | undefined {
    return this.current;
  }

  get isStored(): boolean {
    return this.storedUntil > -Infinity;
  }

  get isChanged(): boolean {
    return this.added.length > 0;
  }

  goOnFrom(row: TickerDayRow | undefined): void {
    if (!row) return;
    const { symbol, date } = this;
    // Each field by its name: spreading a row that a driver has made costs many times as much.
    const { open, high, low, close, volume, firstTimestamp, lastTimestamp } = row;
    this.current = { symbol, date, open, high, low, close, volume, firstTimestamp, lastTimestamp };
    this.storedUntil = lastTimestamp;
  }

  /** Whether what is stored of an instant must be known, and has not been asked yet. */
  hasToAsk(instant: EpochMicros): boolean {
    if (instant > this.storedUntil || this.sources?.has(instant)) return false;
    this.sources ??= new Map();
    this.sources.set(instant, new Set());
    return true;
  }

  learn(instant: EpochMicros, stored: readonly Pick<PriceEvent, 'source'>[]): void {
    this.sources?.set(instant, new Set(stored.map(({ source }) => source)));
  }

  /** Adds a price; false for a repeat. */
  add(price: PolledPrice): boolean {
    const { timestamp, source, lastPrice, volume } = price;
    const day = this.current;
    const isAhead = !day || timestamp > day.lastTimestamp;
    if (!isAhead && this.sourcesAt(timestamp).has(source)) return false;
    this.added.push(price);
    if (!day) {
      const { symbol, date } = this;
      const prices = { open: lastPrice, high: lastPrice, low: lastPrice, close: lastPrice };
      this.current = { symbol, date, ...prices, volume, firstTimestamp: timestamp, lastTimestamp: timestamp };
      return true;
    }
    const sources = isAhead ? [] : [...this.sourcesAt(timestamp)].sort(compareCodePoints);
    if (timestamp < day.firstTimestamp || (timestamp === day.firstTimestamp && source === sources[0])) {
      day.open = lastPrice;
      day.firstTimestamp = timestamp;
    }
    if (isAhead || (timestamp === day.lastTimestamp && source === sources.at(-1))) {
      day.close = lastPrice;
      day.volume = volume;
      day.lastTimestamp = timestamp;
    }
    if (compareDecimalTexts(lastPrice, day.high) > 0) day.high = lastPrice;
    else if (compareDecimalTexts(lastPrice, day.low) < 0) day.low = lastPrice;
    return true;
  }

  private sourcesAt(instant: EpochMicros): ReadonlySet<string> {
    this.sources ??= new Map();
    for (; this.counted < this.added.length; this.counted += 1) {
      const price = this.added[this.counted];
      if (!price) break;
      const sources = this.sources.get(price.timestamp);
      if (sources) sources.add(price.source);
      else this.sources.set(price.timestamp, new Set([price.source]));
    }
    return this.sources.get(instant) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<string> = new Set();

/** What all prices of a day say of it; undefined for none. */
export function polledDayOf(
  symbol: string,
  date: EpochMicros,
  prices: Iterable<PolledPrice>,
): TickerDayRow | undefined {
  const day = new PolledDay(symbol, date);
  for (const price of prices) day.add(price);
  return day.row;
}

/** The days that a unit adds price events to. */
class PolledDays {
  private readonly days = new Map<EpochMicros, Map<string, PolledDay>>();

  /** The day that an instant of a symbol is in. */
  of(symbol: string, timestamp: EpochMicros): PolledDay {
    const date = floorTo(timestamp, DAY);
    let ofDate = this.days.get(date);
    if (!ofDate) this.days.set(date, (ofDate = new Map<string, PolledDay>()));
    let day = ofDate.get(symbol);
    if (!day) ofDate.set(symbol, (day = new PolledDay(symbol, date)));
    return day;
  }

  *all(): Generator<PolledDay> {
    for (const ofDate of this.days.values()) yield* ofDate.values();
  }
}
