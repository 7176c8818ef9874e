import {
  asCaptured,
  DAY,
  floorTo,
  type CandleChange,
  type ClockSpan,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { CANDLES_1M } from '../kinds/candle-tables';
import type { VersionOutcome } from '../minute-captures';
import { pickColumns } from '../rows/table';
import { ask, byKeys, together, type Inquiry, type Unit } from '../rows/unit';
import { firstRevisionsOf } from './first-revisions';
import { CANDLES_1D } from './roll-up-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';
import { minuteChanges, readOthers, UnitMinute, type SymbolMinutes } from './unit-minute';

/** Up to where the minutes of a UTC day reach, by its roll-up: to be read alone. */
export const DAY_ENDS = pickColumns(CANDLES_1D, ['symbol', 'openTime', 'lastMinute']);

/** What became of minutes, whatever brought them. */
export interface MinutesOutcome {
  /** Candles that were kept as repeats without a line, by an earlier version of this program, and are versions now. */
  readonly promoted: readonly MinuteCandle[];
  /** Minutes that got another current version, in the order in which they got it. */
  readonly changed: readonly CandleChange[];
  /** What hours, days and ledger have to follow. */
  readonly bySymbol: readonly SymbolMinutes[];
}

/** What became of a candle that was offered. */
export type CandleOutcome = VersionOutcome['outcome'];

export interface CandlesOutcome extends MinutesOutcome {
  /** Of each candle, in the order given. */
  readonly outcomes: readonly CandleOutcome[];
  /** Of each candle, whether the tables have it now and had it not before. */
  readonly kept: readonly boolean[];
}

/**
 * Accepts closed minutes; `spans` are the stamps that a clock which was ahead may have given to them. What is kept of a
 * minute is the outcome of `versionsOf` over its captures and of whether it had been noted as stopped. So it depends on
 * the set of candles, and not on their order, on repeats, or on how they were divided into units.
 *
 * A minute that is later than all its day has seen is new for certain. Only of any other it is asked what is stored, and
 * what is known besides only where one of its captures is not the current version again.
 */
export function* minuteUnit(given: readonly MinuteCandle[], spans: readonly ClockSpan[] = []): Unit<CandlesOutcome> {
  const candles = spans.length === 0 ? given : given.map((candle) => asCaptured(candle, spans));
  const days = new UnitDays();
  const ofCandles = candles.map((candle) => days.minuteOf(candle));
  const minutes = days.all.flatMap((day) => day.minutes);
  const [firsts] = yield* together(firstRevisionsOf(minutes), readStored(days.all, candles, ofCandles));
  for (const [index, minute] of minutes.entries()) minute.first = firsts[index] ?? minute.first;

  const kept: boolean[] = [];
  const promoted: MinuteCandle[] = [];
  const changed: CandleChange[] = [];
  const outcomes = candles.map((candle, index): CandleOutcome => {
    const placed = ofCandles[index]?.take(candle);
    kept.push(placed?.isKept ?? false);
    if (!placed) return 'repeat';
    promoted.push(...placed.promoted);
    if (placed.isNew || placed.outcome === 'revision') {
      changed.push({ symbol: candle.symbol, openTime: candle.openTime, revision: placed.revision });
    }
    return placed.outcome;
  });
  const { bySymbol, rows } = minuteChanges(minutes);
  return { outcome: { outcomes, kept, promoted, changed, bySymbol }, changes: rows };
}

/** Lets days and minutes go on from what is stored of them. */
function* readStored(
  days: readonly DayOfUnit[],
  candles: readonly MinuteCandle[],
  ofCandles: readonly UnitMinute[],
): Inquiry<void> {
  if (days.length === 0) return;
  const [[removed], ends] = yield* ask(
    byKeys(STORE_FACTS, [[MINUTES_REMOVED_FACT]]),
    byKeys(
      DAY_ENDS,
      days.map(({ symbol, date }) => [symbol, date]),
    ),
  );
  for (const [index, day] of days.entries()) day.lastMinute = ends[index]?.lastMinute ?? day.lastMinute;

  const removedUntil = Number(removed?.value ?? 0);
  const old = days.filter(({ date, lastMinute }) => date < removedUntil && lastMinute > -Infinity);
  const late = days.flatMap((day) => day.lateMinutes());
  const [rows, lastRows] = yield* ask(
    byKeys(
      CANDLES_1M,
      late.map(({ symbol, openTime }) => [symbol, openTime]),
    ),
    byKeys(
      CANDLES_1M,
      old.map(({ symbol, lastMinute }) => [symbol, lastMinute]),
    ),
  );
  for (const [index, day] of old.entries()) if (!lastRows[index]) day.close();
  if (late.length === 0) return;
  for (const [index, minute] of late.entries()) minute.learn(rows[index]);

  const others = new Set<UnitMinute>();
  for (const [index, candle] of candles.entries()) {
    const minute = ofCandles[index];
    if (minute?.isStored && !minute.isCurrent(candle)) others.add(minute);
  }
  yield* readOthers([...others]);
}

/** A day of a symbol in the course of a unit. */
class DayOfUnit {
  readonly minutes: UnitMinute[] = [];
  /** As its roll-up says; none where nothing is stored of the day. */
  lastMinute: EpochMicros = -Infinity;
  private latest: EpochMicros = -Infinity;

  constructor(
    readonly symbol: string,
    readonly date: EpochMicros,
  ) {}

  minuteAt(openTime: EpochMicros): UnitMinute {
    // Nearly all come in their order.
    const known = openTime > this.latest ? undefined : this.minutes.find((minute) => minute.openTime === openTime);
    if (known) return known;
    const minute = new UnitMinute(this.symbol, openTime);
    this.minutes.push(minute);
    this.latest = Math.max(this.latest, openTime);
    return minute;
  }

  /** Minutes that may be there already. */
  lateMinutes(): readonly UnitMinute[] {
    return this.lastMinute === -Infinity ? [] : this.minutes.filter(({ openTime }) => openTime <= this.lastMinute);
  }

  /**
   * Its minutes were removed after their time of retention: its hours and its own roll-up stand alone, and cannot be made
   * anew of a minute that comes late.
   */
  close(): void {
    for (const minute of this.minutes) minute.isClosed = true;
  }
}

/** The days that a unit brings minutes of. */
class UnitDays {
  readonly all: DayOfUnit[] = [];
  private readonly byDate = new Map<EpochMicros, Map<string, DayOfUnit>>();

  minuteOf({ symbol, openTime }: MinuteCandle): UnitMinute {
    const date = floorTo(openTime, DAY);
    let ofDate = this.byDate.get(date);
    if (!ofDate) this.byDate.set(date, (ofDate = new Map<string, DayOfUnit>()));
    let day = ofDate.get(symbol);
    if (!day) {
      day = new DayOfUnit(symbol, date);
      ofDate.set(symbol, day);
      this.all.push(day);
    }
    return day.minuteAt(openTime);
  }
}
