import { compareCodePoints, DAY, floorTo, type EpochMicros, type PriceEvent } from '@app/domain';
import { PolledDay, type InstantSources } from '../polled-day';
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

/**
 * Accepts price events and keeps what they say of their days. One whose key is known is a repeat.
 *
 * An event that is later than all its day has seen is new for certain. Only of any other it is asked which sources have a
 * price at its instant.
 */
export function* priceUnit(events: readonly PriceEvent[]): Unit<KindOutcome> {
  const days = new UnitDays();
  const ofEvents = events.map(({ symbol, timestamp }) => days.of(symbol, timestamp));
  const all = [...days.all()];
  const [stored] = yield* ask(
    byKeys(
      TICKER_DAYS,
      all.map(({ symbol, date }) => [symbol, date]),
    ),
  );
  for (const [index, day] of all.entries()) day.goOnFrom(stored[index]);

  const known: { readonly day: UnitDay; readonly instant: EpochMicros }[] = [];
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
        rows: all.flatMap((day) => day.row() ?? []),
      } satisfies WrittenRows<TickerDayRow>,
    ],
  };
}

/** A day of a symbol in the course of a unit. */
class UnitDay {
  private day = new PolledDay();
  private storedUntil = -Infinity;
  private readonly added: PriceEvent[] = [];
  /** Sources by instant: as stored where that was asked, and of the first `counted` events that were added. */
  private sources: Map<EpochMicros, Set<string>> | undefined;
  private counted = 0;

  constructor(
    readonly symbol: string,
    readonly date: EpochMicros,
  ) {}

  get isStored(): boolean {
    return this.storedUntil > -Infinity;
  }

  goOnFrom(row: TickerDayRow | undefined): void {
    if (!row) return;
    // Each field by its name: spreading a row that a driver has made costs many times as much.
    const { open, high, low, close, volume, firstTimestamp, lastTimestamp } = row;
    this.day = new PolledDay({ open, high, low, close, volume, firstTimestamp, lastTimestamp });
    this.storedUntil = row.lastTimestamp;
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

  /** Adds an event; false for a repeat. */
  add(event: PriceEvent): boolean {
    const isAhead = event.timestamp > this.day.lastTimestamp;
    if (!isAhead && this.sourcesAt(event.timestamp).has(event.source)) return false;
    this.added.push(event);
    this.day.add(event, (instant) => ends(this.sourcesAt(instant)));
    return true;
  }

  /** The day as it is to be stored; undefined where it has not changed. */
  row(): TickerDayRow | undefined {
    const { values } = this.day;
    if (!values || this.added.length === 0) return undefined;
    const { open, high, low, close, volume, firstTimestamp, lastTimestamp } = values;
    return { symbol: this.symbol, date: this.date, open, high, low, close, volume, firstTimestamp, lastTimestamp };
  }

  private sourcesAt(instant: EpochMicros): ReadonlySet<string> {
    this.sources ??= new Map();
    for (; this.counted < this.added.length; this.counted += 1) {
      const event = this.added[this.counted];
      if (!event) break;
      const sources = this.sources.get(event.timestamp);
      if (sources) sources.add(event.source);
      else this.sources.set(event.timestamp, new Set([event.source]));
    }
    return this.sources.get(instant) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function ends(sources: ReadonlySet<string>): InstantSources | undefined {
  const [first, ...others] = [...sources].sort(compareCodePoints);
  return first === undefined ? undefined : { first, last: others.at(-1) ?? first };
}

/** The days that a unit adds price events to. */
class UnitDays {
  private readonly days = new Map<EpochMicros, Map<string, UnitDay>>();

  /** The day that an instant of a symbol is in. */
  of(symbol: string, timestamp: EpochMicros): UnitDay {
    const date = floorTo(timestamp, DAY);
    let ofDate = this.days.get(date);
    if (!ofDate) this.days.set(date, (ofDate = new Map<string, UnitDay>()));
    let day = ofDate.get(symbol);
    if (!day) ofDate.set(symbol, (day = new UnitDay(symbol, date)));
    return day;
  }

  *all(): Generator<UnitDay> {
    for (const ofDate of this.days.values()) yield* ofDate.values();
  }
}
