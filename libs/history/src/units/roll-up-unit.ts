import { DAY, floorTo, HOUR, type EpochMicros } from '@app/domain';
import { CANDLE_NUMBERS, CANDLES_1M } from '../kinds/candle-tables';
import { mergeRollUps, rollUpMinutes, type RollUp } from '../roll-up';
import { changedBuckets, extendedRollUp, rollUpBy, type ChangedBucket } from '../roll-up-levels';
import { describeTable, type ColumnSpec, type ColumnValue, type RowOfSpecs } from '../rows/table';
import { ask, byKeys, inRanges, type KeyRange, type RowChange, type Unit, type WrittenRows } from '../rows/unit';
import type { SymbolMinutes } from './unit-minute';

const ROLL_UP = {
  symbol: 'text',
  openTime: 'time',
  ...CANDLE_NUMBERS,
  minutes: 'integer',
  firstTradedMinute: 'time?',
  lastMinute: 'time',
  capturedAt: 'time',
  revision: 'integer',
} as const satisfies Readonly<Record<string, ColumnSpec>>;

/** Gold: hours, made of the minutes. */
export const CANDLES_1H = describeTable('candles_1h', ['symbol', 'openTime'], ROLL_UP, rollUpValues);

/** Gold: UTC days, made of the hours. */
export const CANDLES_1D = describeTable('candles_1d', ['symbol', 'openTime'], ROLL_UP, rollUpValues);

type RollUpRow = RowOfSpecs<typeof ROLL_UP>;

/**
 * Brings hours and days up to date with changed minutes, which are written before. A minute that comes after all others of
 * its bucket is merged into it; a late or revised one has its hour made anew from its minutes, and its day from its hours.
 */
export function* rollUpUnit(changes: readonly Pick<SymbolMinutes, 'symbol' | 'added' | 'revised'>[]): Unit<void> {
  const hours: UnitBucket[] = [];
  const days: DayBucket[] = [];
  for (const { symbol, added, revised } of changes) {
    const sorted = added.length > 1 ? [...added].sort((a, b) => a.openTime - b.openTime) : added;
    const ofSymbol = changedBuckets(HOUR, sorted, revised).map((changed) => new UnitBucket(symbol, changed, HOUR));
    hours.push(...ofSymbol);
    for (const changed of changedBuckets(DAY, sorted, revised)) days.push(new DayBucket(symbol, changed, ofSymbol));
  }
  const [storedHours, storedDays] = yield* ask(
    byKeys(
      CANDLES_1H,
      hours.map(({ key }) => key),
    ),
    byKeys(
      CANDLES_1D,
      days.map(({ key }) => key),
    ),
  );
  for (const [index, hour] of hours.entries()) hour.goOnFrom(storedHours[index]);
  for (const [index, day] of days.entries()) day.goOnFrom(storedDays[index]);

  const lateHours = hours.filter(({ rollUp }) => rollUp === undefined);
  const lateDays = days.filter(({ rollUp }) => rollUp === undefined);
  const [minutes, hoursOfDays] = yield* ask(
    inRanges(
      CANDLES_1M,
      lateHours.map(({ range }) => range),
    ),
    inRanges(
      CANDLES_1H,
      lateDays.map(({ range }) => range),
    ),
  );
  for (const [index, hour] of lateHours.entries()) hour.rollUp = rollUpMinutes(minutes[index] ?? []);
  for (const [index, day] of lateDays.entries()) day.makeOf(hoursOfDays[index] ?? []);
  return { outcome: undefined, changes: rollUpChanges(rowsOf(hours), rowsOf(days)) };
}

/** Rolls up whole UTC days of which nothing has been rolled up yet: the minutes of one day of each symbol, ascending. */
export function* newDayUnit(bySymbol: readonly Pick<SymbolMinutes, 'symbol' | 'added'>[]): Unit<void> {
  const [hours, days]: [RollUpRow[], RollUpRow[]] = [[], []];
  for (const { symbol, added } of bySymbol) {
    const rollUps = rollUpBy(added, HOUR);
    for (const [start, hour] of rollUps) hours.push(rollUpRow(symbol, start, hour));
    const day = mergeRollUps(rollUps.values());
    if (day) days.push(rollUpRow(symbol, floorTo(day.lastMinute, DAY), day));
  }
  yield* ask();
  return { outcome: undefined, changes: rollUpChanges(hours, days) };
}

function rollUpChanges(hours: readonly RollUpRow[], days: readonly RollUpRow[]): readonly RowChange[] {
  return [
    { kind: 'put', table: CANDLES_1H, rows: hours } satisfies WrittenRows<RollUpRow>,
    { kind: 'put', table: CANDLES_1D, rows: days } satisfies WrittenRows<RollUpRow>,
  ];
}

function rowsOf(buckets: readonly UnitBucket[]): RollUpRow[] {
  return buckets.flatMap(({ symbol, changed, rollUp }) => (rollUp ? [rollUpRow(symbol, changed.start, rollUp)] : []));
}

function rollUpRow(symbol: string, openTime: EpochMicros, rollUp: RollUp): RollUpRow {
  return {
    symbol,
    openTime,
    open: rollUp.open,
    high: rollUp.high,
    low: rollUp.low,
    close: rollUp.close,
    volume: rollUp.volume,
    quoteVolume: rollUp.quoteVolume,
    tradeCount: rollUp.tradeCount,
    takerBuyVolume: rollUp.takerBuyVolume,
    takerBuyQuoteVolume: rollUp.takerBuyQuoteVolume,
    minutes: rollUp.minutes,
    firstTradedMinute: rollUp.firstTradedMinute,
    lastMinute: rollUp.lastMinute,
    capturedAt: rollUp.capturedAt,
    revision: rollUp.revision,
  };
}

/** An hour or day in the course of a unit. */
class UnitBucket {
  /** As it is to be stored; undefined where it has to be made anew first. */
  rollUp: RollUp | undefined;

  constructor(
    readonly symbol: string,
    readonly changed: ChangedBucket,
    private readonly length: EpochMicros,
  ) {}

  get key(): [symbol: string, openTime: EpochMicros] {
    return [this.symbol, this.changed.start];
  }

  get range(): KeyRange {
    const { start } = this.changed;
    return { prefix: [this.symbol], from: start, until: start + this.length };
  }

  goOnFrom(stored: RollUp | undefined): void {
    this.rollUp = extendedRollUp(stored, this.changed);
  }
}

class DayBucket extends UnitBucket {
  constructor(
    symbol: string,
    changed: ChangedBucket,
    /** Those of the symbol that change. */
    private readonly hours: readonly UnitBucket[],
  ) {
    super(symbol, changed, DAY);
  }

  /** Makes it anew; `stored` are its hours as they were before. */
  makeOf(stored: readonly RollUpRow[]): void {
    const hours = new Map<EpochMicros, RollUp>(stored.map((row) => [row.openTime, row]));
    for (const { changed, rollUp } of this.hours) {
      if (rollUp && floorTo(changed.start, DAY) === this.changed.start) hours.set(changed.start, rollUp);
    }
    this.rollUp = mergeRollUps([...hours].sort(([a], [b]) => a - b).map(([, hour]) => hour));
  }
}

function rollUpValues(row: RollUpRow): readonly ColumnValue[] {
  return [
    row.symbol,
    row.openTime,
    row.open,
    row.high,
    row.low,
    row.close,
    row.volume,
    row.quoteVolume,
    row.tradeCount,
    row.takerBuyVolume,
    row.takerBuyQuoteVolume,
    row.minutes,
    row.firstTradedMinute,
    row.lastMinute,
    row.capturedAt,
    row.revision,
  ];
}
