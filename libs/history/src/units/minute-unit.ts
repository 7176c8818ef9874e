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
import { describeTable } from '../rows/table';
import { ask, byKeys, together, type Inquiry, type Unit } from '../rows/unit';
import { firstRevisionsOf } from './first-revisions';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';
import { changesOf, readOthers, UnitMinute, type SymbolMinutes } from './unit-minute';

/** Up to where the minutes of a UTC day reach, by its roll-up: to be read alone. */
export const DAY_ENDS = describeTable('candles_1d', ['symbol', 'openTime'], {
  symbol: 'text',
  openTime: 'time',
  lastMinute: 'time',
});

/** What became of minutes, whatever brought them. */
export interface MinutesOutcome {
  /** Candles that were kept as repeats without a line, by an earlier version of this program, and are versions now. */
  readonly surfaced: readonly MinuteCandle[];
  /** Minutes that got another current version, in the order in which they got it. */
  readonly changed: readonly CandleChange[];
  /** What hours, days and ledger have to follow. */
  readonly bySymbol: readonly SymbolMinutes[];
}

/** What became of a candle that was offered. */
export type CandleFate = VersionOutcome['fate'];

export interface CandlesOutcome extends MinutesOutcome {
  /** Of each candle, in the order given. */
  readonly fates: readonly CandleFate[];
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
  const unit = new UnitMinutes();
  const offers = candles.map((candle) => unit.offer(candle));
  const { days, minutes } = unit;
  const [firsts] = yield* together(firstRevisionsOf(minutes), readStored(days, offers));
  for (const [index, minute] of minutes.entries()) minute.first = firsts[index] ?? minute.first;

  const kept: boolean[] = [];
  const surfaced: MinuteCandle[] = [];
  const changed: CandleChange[] = [];
  const fates = offers.map(({ candle, minute, day }): CandleFate => {
    const outcome = day.isRemoved ? undefined : minute.take(candle);
    kept.push(outcome?.isKept ?? false);
    if (!outcome) return 'repeat';
    surfaced.push(...outcome.surfaced);
    if (outcome.isNew || outcome.fate === 'revision') {
      changed.push({ symbol: minute.symbol, openTime: minute.openTime, revision: outcome.revision });
    }
    return outcome.fate;
  });
  const { bySymbol, rows } = changesOf(minutes);
  return { outcome: { fates, kept, surfaced, changed, bySymbol }, changes: rows };
}

/** A candle in the course of a unit. */
interface Offer {
  readonly candle: MinuteCandle;
  readonly minute: UnitMinute;
  readonly day: UnitDay;
}

/** Lets days and minutes go on from what is stored of them. */
function* readStored(days: readonly UnitDay[], offers: readonly Offer[]): Inquiry<void> {
  if (days.length === 0) return;
  const [[removed], ends] = yield* ask(
    byKeys(STORE_FACTS, [[MINUTES_REMOVED_FACT]]),
    byKeys(
      DAY_ENDS,
      days.map(({ symbol, date }) => [symbol, date]),
    ),
  );
  for (const [index, day] of days.entries()) day.lastMinute = ends[index]?.lastMinute ?? day.lastMinute;

  // Hours and roll-up of a day whose minutes retention has removed stand alone, and cannot be made anew of one that is late.
  const removedUntil = Number(removed?.value ?? 0);
  const old = days.filter(({ date, lastMinute }) => date < removedUntil && lastMinute > -Infinity);
  const lateOnes = new Set<UnitMinute>();
  for (const { minute, day } of offers) if (minute.openTime <= day.lastMinute) lateOnes.add(minute);
  const late = [...lateOnes];
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
  for (const [index, minute] of late.entries()) minute.learn(rows[index]);
  for (const [index, day] of old.entries()) day.isRemoved = lastRows[index] === undefined;

  const others = new Set<UnitMinute>();
  for (const { candle, minute } of offers) if (minute.isStored && !minute.isCurrent(candle)) others.add(minute);
  yield* readOthers([...others]);
}

/** A day of a symbol in the course of a unit. */
class UnitDay {
  /** By open time. */
  readonly minutes = new Map<EpochMicros, UnitMinute>();
  /** As its roll-up says; none where nothing is stored of the day. */
  lastMinute: EpochMicros = -Infinity;
  isRemoved = false;

  constructor(
    readonly symbol: string,
    readonly date: EpochMicros,
  ) {}
}

/** The minutes that a unit brings something of, and their days. */
class UnitMinutes {
  readonly days: UnitDay[] = [];
  readonly minutes: UnitMinute[] = [];
  private readonly bySymbol = new Map<string, Map<EpochMicros, UnitDay>>();

  offer(candle: MinuteCandle): Offer {
    const { symbol, openTime } = candle;
    const day = this.dayOf(symbol, floorTo(openTime, DAY));
    let minute = day.minutes.get(openTime);
    if (!minute) {
      minute = new UnitMinute(symbol, openTime);
      day.minutes.set(openTime, minute);
      this.minutes.push(minute);
    }
    return { candle, minute, day };
  }

  private dayOf(symbol: string, date: EpochMicros): UnitDay {
    let days = this.bySymbol.get(symbol);
    if (!days) this.bySymbol.set(symbol, (days = new Map<EpochMicros, UnitDay>()));
    let day = days.get(date);
    if (!day) {
      day = new UnitDay(symbol, date);
      days.set(date, day);
      this.days.push(day);
    }
    return day;
  }
}
